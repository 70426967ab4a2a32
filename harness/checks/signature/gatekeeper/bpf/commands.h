/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Commands of bpf(2) that gatekeepers of old kernels decide about. */
#ifndef BPFGATE_GATEKEEPER_COMMANDS_H
#define BPFGATE_GATEKEEPER_COMMANDS_H

#include "kernel.h"

static __always_inline bool attaches(int cmd)
{
	return cmd == BPF_LINK_CREATE || cmd == BPF_LINK_UPDATE || cmd == BPF_RAW_TRACEPOINT_OPEN || cmd == BPF_PROG_ATTACH;
}

static __always_inline bool is_decided(int cmd)
{
	if (cmd == BPF_PROG_LOAD || cmd == BPF_MAP_CREATE)
		return true;
#ifdef HARDENED
	/* Programs that were loaded before must not be attached unnoticed. */
	return attaches(cmd);
#else
	return false;
#endif
}

#endif
