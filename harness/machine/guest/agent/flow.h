// SPDX-License-Identifier: Apache-2.0
#ifndef BPFGATE_FLOW_H
#define BPFGATE_FLOW_H

#include <bpf/bpf.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * A basic block of `size` instructions (two-slot constants count once): once its first instruction
 * runs, all of them do.
 */
struct block {
	uint32_t start;
	/* The slot after its last one. */
	uint32_t end;
	uint32_t size;
};

/* The control flow of a program with all its functions. */
struct flow {
	const struct bpf_insn *insns;
	size_t count;
	struct block *blocks;
	size_t block_count;
	/* By slot: the first instruction of a function. */
	bool *entry;
	/*
	 * By slot: registers that are read before they are written again, and registers that may have
	 * been written.
	 */
	uint16_t *live;
	uint16_t *written;
};

/* Analyses a program. Returns the obstacle, or NULL; the caller frees `flow` in both cases. */
const char *flow_analyse(struct flow *flow, const struct bpf_insn *insns, size_t count,
			 const struct bpf_prog_load_opts *opts);
void flow_free(struct flow *flow);

/*
 * Registers that may be overwritten before the instruction in this slot without changing the
 * program's behaviour.
 */
uint16_t flow_free_registers(const struct flow *flow, size_t at);

#endif
