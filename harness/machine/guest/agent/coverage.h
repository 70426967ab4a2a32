// SPDX-License-Identifier: Apache-2.0
#ifndef BPFGATE_COVERAGE_H
#define BPFGATE_COVERAGE_H

#include <bpf/bpf.h>
#include <stdbool.h>

#include "flow.h"

/* Which blocks of a program ran: those whose probe (probes.h) has set its byte in the map. */
struct coverage {
	/*
	 * Number of slots of the program as libbpf hands it to the kernel, subprograms included; and
	 * with the probes.
	 */
	uint32_t insns;
	uint32_t probed_insns;
	struct block *blocks;
	bool *has_probe;
	size_t block_count;
	/* As libbpf hands them over: they refer to slots of the program without probes. */
	void *line_info;
	uint32_t line_info_size;
	uint32_t line_info_count;
	void *func_info;
	uint32_t func_info_size;
	uint32_t func_info_count;
	/* File descriptor of the map, or -1; `obstacle` is then the reason. */
	int map_fd;
	char obstacle[256];
};

/* The function behind libbpf's bpf_prog_load(). */
typedef int load_fn(enum bpf_prog_type type, const char *name, const char *license, const struct bpf_insn *insns,
		    size_t insn_cnt, struct bpf_prog_load_opts *opts);

/*
 * Loads a program with probes. A file descriptor, or -1: `obstacle` is then the reason, and the
 * program should be loaded without probes. The caller zeroes `coverage` before and frees it in both
 * cases.
 */
int coverage_load(struct coverage *coverage, load_fn *load, enum bpf_prog_type type, const char *name,
		  const char *license, const struct bpf_insn *insns, size_t insn_cnt,
		  const struct bpf_prog_load_opts *opts);
/* Fills `reached` (one for each block) with 1 or 0. 0 or a negative errno. */
int coverage_reached(const struct coverage *coverage, uint8_t *reached);
void coverage_free(struct coverage *coverage);

#endif
