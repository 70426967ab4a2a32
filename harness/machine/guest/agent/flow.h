// SPDX-License-Identifier: Apache-2.0
#ifndef BPFGATE_FLOW_H
#define BPFGATE_FLOW_H

#include <bpf/bpf.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * Instructions that are run all or not at all, in one go: `size` of them (constants of two slots
 * count once).
 */
struct block {
	uint32_t start;
	/* Behind its last slot. */
	uint32_t end;
	uint32_t size;
};

/* Where a program, with all functions that it calls, can go. */
struct flow {
	const struct bpf_insn *insns;
	size_t count;
	struct block *blocks;
	size_t block_count;
	/* By slot: the first instruction of a function. */
	bool *entry;
	/*
	 * By slot: registers that are read before they are written again, and that something may have
	 * written.
	 */
	uint16_t *live;
	uint16_t *written;
};

/* Takes a program apart. What stands against it, or NULL; to be freed either way. */
const char *flow_analyse(struct flow *flow, const struct bpf_insn *insns, size_t count,
			 const struct bpf_prog_load_opts *opts);
void flow_free(struct flow *flow);

/*
 * The registers that may be written just before the instruction in this slot, without anybody
 * noticing.
 */
uint16_t flow_free_registers(const struct flow *flow, size_t at);

#endif
