// SPDX-License-Identifier: Apache-2.0
#ifndef BPFGATE_PROBES_H
#define BPFGATE_PROBES_H

#include <bpf/bpf.h>

#include "flow.h"

/*
 * A copy of a program with a probe in each block; the probe of block n sets byte n of the value of
 * an array map. All other instructions stay the same, with offsets adjusted.
 */
struct probed {
	struct bpf_insn *insns;
	size_t count;
	/* The program's load options, with function and line information adjusted. */
	struct bpf_prog_load_opts opts;
	void *line_info;
	void *func_info;
};

/* For each block: true if it can have a probe, because a register is free somewhere in it. */
void probes_place(const struct flow *flow, bool *has_probe);
/* Returns the obstacle, or NULL; the caller frees `probed` in both cases. */
const char *probes_insert(struct probed *probed, const struct flow *flow, int map_fd,
			  const struct bpf_prog_load_opts *opts);
void probes_free(struct probed *probed);

#endif
