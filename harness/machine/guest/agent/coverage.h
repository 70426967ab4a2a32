// SPDX-License-Identifier: Apache-2.0
#ifndef BPFGATE_COVERAGE_H
#define BPFGATE_COVERAGE_H

#include <bpf/bpf.h>
#include <stdbool.h>

#include "flow.h"

/* Which blocks of a program were run: those whose probe (probes.h) has left a byte in the map. */
struct coverage {
	/* Slots as libbpf hands them over, subprograms appended, and with the probes. */
	uint32_t insns;
	uint32_t probed_insns;
	struct block *blocks;
	bool *has_probe;
	size_t block_count;
	/* As libbpf hands them over: they name slots of the program without probes. */
	void *line_info;
	uint32_t line_info_size;
	uint32_t line_info_count;
	void *func_info;
	uint32_t func_info_size;
	uint32_t func_info_count;
	/* The map's file descriptor, or -1; then `obstacle` says why nothing is measured. */
	int map_fd;
	char obstacle[256];
};

/* BPF_PROG_LOAD as libbpf would do it. */
typedef int load_fn(enum bpf_prog_type type, const char *name, const char *license, const struct bpf_insn *insns,
		    size_t insn_cnt, struct bpf_prog_load_opts *opts);

/*
 * Loads a program with probes. A file descriptor, or -1 when it cannot be: `obstacle` says why, and
 * the program is to be loaded as it is. `coverage` is zeroed before and to be freed either way.
 */
int coverage_load(struct coverage *coverage, load_fn *load, enum bpf_prog_type type, const char *name,
		  const char *license, const struct bpf_insn *insns, size_t insn_cnt,
		  const struct bpf_prog_load_opts *opts);
/* Fills `reached` (one for each block) with 1 or 0. 0 or a negative errno. */
int coverage_reached(const struct coverage *coverage, uint8_t *reached);
void coverage_free(struct coverage *coverage);

#endif
