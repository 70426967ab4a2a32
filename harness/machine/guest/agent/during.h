// SPDX-License-Identifier: Apache-2.0
#ifndef BPFGATE_DURING_H
#define BPFGATE_DURING_H

#include <stdatomic.h>
#include <stdbool.h>
#include <sys/types.h>

#include "args.h"
#include "reply.h"

/* Work in many equal pieces, packets or system calls, during which operations run. */
struct work {
	/* Pieces done so far. */
	const _Atomic uint32_t *done;
	/* Pieces wanted; there will be more while operations remain. */
	uint32_t wanted;
	/* The process that does the work, if it is a separate one. */
	pid_t child;
	/* If a thread does the work: it ends at this number even if operations remain. */
	uint32_t most;
};

/* The argument `rounds`: how many times the operations run. Complains if they are too many. */
uint32_t during_rounds(struct args *args);

/* Whether `during` holds an operation: work then continues until all of them have run. */
bool during_any(struct args *args);

/*
 * Runs the operations, spread over the work: between two of them there are always some pieces,
 * however late they run. Packs `during`: for each the number of pieces before and after it, and its
 * outcome.
 */
void during_run(struct args *args, uint32_t rounds, const struct work *work, struct reply *reply);

/* True when the work has ended. A separate process must still be waited for. */
bool work_ended(const struct work *work);

/*
 * Call before each piece. When twice as many as wanted are done, operations take long and a
 * recorder of pieces might overflow; then pieces are paced one millisecond apart.
 */
void work_pace(uint32_t done, uint32_t wanted);

#endif
