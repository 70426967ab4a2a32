// SPDX-License-Identifier: Apache-2.0
#ifndef BPFGATE_PROG_LOAD_H
#define BPFGATE_PROG_LOAD_H

#include <bpf/libbpf.h>
#include <stdbool.h>
#include <stdint.h>

#include "coverage.h"

/* What the kernel said to one program of the object being loaded. */
struct prog_load {
	const struct bpf_program *program;
	bool attempted;
	/* positive; 0 when the kernel took it */
	int error;
	char *log;
	bool log_truncated;
	bool has_info;
	struct bpf_prog_info info;
	uint32_t info_length;
	uint64_t memlock;
	uint64_t wall_ns;
	uint64_t cpu_ns;
	/*
	 * Of a program that is to be loaded with probes; its `map_fd` is -1 when it was loaded without
	 * them.
	 */
	bool probe;
	struct coverage coverage;
};

/*
 * Watches BPF_PROG_LOAD of the programs in `loads` from here to `prog_load_end`: the linker leads
 * libbpf's `bpf_prog_load` through here (`--wrap`). `log_bytes` is how much of each verifier log is
 * kept, from its end.
 */
void prog_load_begin(struct prog_load *loads, size_t count, uint32_t log_level, uint32_t log_bytes);
void prog_load_end(void);

/* `memlock` of a program's or map's /proc/self/fdinfo; 0 when it is not there. */
uint64_t memlock_of(int fd);

#endif
