/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* A decision, for the host to read. ../gatekeeper.ts has the same layout. */
#ifndef BPFGATE_GATEKEEPER_DECISION_H
#define BPFGATE_GATEKEEPER_DECISION_H

#include "kernel.h"

struct decision {
	/* enum bpf_cmd */
	__u32 cmd;
	/* Thread group id of the caller. */
	__u32 tgid;
	/* 0 or a negative errno. */
	__s32 ret;
	/*
	 * bpf_sig_verdict and bpf_sig_keyring as the kernel recorded them, the key or keyring it was
	 * verified against.
	 */
	__u32 verdict;
	__u32 keyring_type;
	__s32 keyring_serial;
	/* Called by a BPF program, with bpf_sys_bpf(). */
	__u32 by_program;
	__u32 zero;
};

struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 65536);
} decisions SEC(".maps");

static __always_inline __u32 current_tgid(void)
{
	return bpf_get_current_pid_tgid() >> 32;
}

/* Records the decision, and returns the value for the hook. */
static __always_inline int decided(struct decision *decision, bool deny)
{
	decision->tgid = current_tgid();
	decision->ret = deny ? -EPERM : 0;
	bpf_ringbuf_output(&decisions, decision, sizeof(*decision), 0);
	/* Not read back from the record: to the verifier, that could be any number. */
	return deny ? -EPERM : 0;
}

#endif
