// SPDX-License-Identifier: Apache-2.0
#ifndef BPFGATE_DURING_H
#define BPFGATE_DURING_H

#include <stdatomic.h>
#include <stdbool.h>
#include <sys/types.h>

#include "args.h"
#include "reply.h"

/* Work that is made of many like pieces, packets or system calls, while operations are done. */
struct work {
	/* Pieces so far. */
	const _Atomic uint32_t *done;
	/* How many there are to be; more of them while operations are left. */
	uint32_t wanted;
	/* The process that does it, when it is another one. */
	pid_t child;
	/* Of a thread: at which number it ends, whatever is left to do. */
	uint32_t most;
};

/* How often over the operations `during` are done. Complains when they are too many. */
uint32_t during_rounds(struct args *args);

/*
 * Does the operations, spread over the work: between two of them so many pieces are done, however
 * late it comes to them. Packs `during`: how many pieces had been done before and after each, and
 * its outcome.
 */
void during_run(struct args *args, uint32_t rounds, const struct work *work, struct reply *reply);

/* Whether nothing more is done. The process that did it still has to be waited for. */
bool work_ended(const struct work *work);

/*
 * Before a piece: when twice as many as wanted are done, the operations take long, and whoever
 * records the pieces may run out of room. Then they come a millisecond apart.
 */
void work_pace(uint32_t done, uint32_t wanted);

#endif
