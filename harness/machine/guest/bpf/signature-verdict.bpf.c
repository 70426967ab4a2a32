// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * Lists what the kernel recorded about each program's signature, one line per program: `id verdict
 * keyring_type keyring_serial`, or only `id` on a kernel that records nothing.
 */
#include <linux/bpf.h>
#include <bpf/bpf_core_read.h>
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>

#pragma clang attribute push(__attribute__((preserve_access_index)), apply_to = record)

/* From 7.2 on (include/linux/bpf.h). */
struct bpf_prog_signature {
	__s32 keyring_serial;
	__u8 keyring_type;
	__u8 verdict;
};

struct bpf_prog_aux {
	__u32 id;
	struct bpf_prog_signature sig;
};

struct bpf_prog {
	struct bpf_prog_aux *aux;
};

struct seq_file;

struct bpf_iter_meta {
	struct seq_file *seq;
};

struct bpf_iter__bpf_prog {
	struct bpf_iter_meta *meta;
	struct bpf_prog *prog;
};

#pragma clang attribute pop

SEC("iter/bpf_prog")
int signature_verdict(struct bpf_iter__bpf_prog *ctx)
{
	struct seq_file *seq = ctx->meta->seq;
	struct bpf_prog *prog = ctx->prog;
	struct bpf_prog_aux *aux;

	if (!prog)
		return 0;
	aux = prog->aux;
	if (bpf_core_field_exists(aux->sig))
		BPF_SEQ_PRINTF(seq, "%u %u %u %d\n", aux->id, aux->sig.verdict, aux->sig.keyring_type, aux->sig.keyring_serial);
	else
		BPF_SEQ_PRINTF(seq, "%u\n", aux->id);
	return 0;
}

char LICENSE[] SEC("license") = "Dual BSD/GPL";
