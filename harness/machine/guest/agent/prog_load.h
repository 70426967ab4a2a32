// SPDX-License-Identifier: Apache-2.0
#ifndef BPFGATE_PROG_LOAD_H
#define BPFGATE_PROG_LOAD_H

#include <bpf/libbpf.h>
#include <stdbool.h>
#include <stdint.h>

#include "coverage.h"

/* The kernel's answer for one program of the object being loaded. */
struct prog_load {
	const struct bpf_program *program;
	bool attempted;
	/* Positive; 0 if the kernel accepted the program. */
	int error;
	char *log;
	bool log_truncated;
	bool has_info;
	struct bpf_prog_info info;
	uint32_t info_length;
	uint64_t memlock;
	uint64_t wall_ns;
	uint64_t cpu_ns;
	/* For a program to be loaded with probes; `map_fd` is -1 if it was loaded without them. */
	bool probe;
	struct coverage coverage;
};

/*
 * Records each BPF_PROG_LOAD of the programs in `loads` until `prog_load_end`: the linker redirects
 * libbpf's `bpf_prog_load` here (`--wrap`). Keeps the last `log_bytes` of each verifier log.
 */
void prog_load_begin(struct prog_load *loads, size_t count, uint32_t log_level, uint32_t log_bytes);
void prog_load_end(void);

/* Gives a program a level of its own, for `prog_load_begin`. 0 or a negative errno. */
int prog_load_set_log_level(struct bpf_program *program, uint32_t log_level);

/* `memlock` of a program's or map's /proc/self/fdinfo; 0 if it is absent. */
uint64_t memlock_of(int fd);

#endif
