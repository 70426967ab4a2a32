// SPDX-License-Identifier: Apache-2.0
#ifndef BPFGATE_PROBES_H
#define BPFGATE_PROBES_H

#include <bpf/bpf.h>

#include "flow.h"

/*
 * A copy of a program with a probe in each block: it sets byte n of the value of an array map, n
 * being the block's number. Everything else stays as it is, moved.
 */
struct probed {
	struct bpf_insn *insns;
	size_t count;
	/* The program's load options with its function and line information moved as well. */
	struct bpf_prog_load_opts opts;
	void *line_info;
	void *func_info;
};

/*
 * By block: whether it has room for a probe, that is, a register that may be overwritten somewhere
 * in it.
 */
void probes_place(const struct flow *flow, bool *has_probe);
/* What stands against it, or NULL; to be freed either way. */
const char *probes_insert(struct probed *probed, const struct flow *flow, int map_fd,
			  const struct bpf_prog_load_opts *opts);
void probes_free(struct probed *probed);

#endif
