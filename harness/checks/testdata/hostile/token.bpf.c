/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Makes a token look needed: after `plant` ran, `deny` refuses every token that does not delegate
 * hash maps of BPF_MAP_TYPE_LRU_HASH, which no program here uses.
 */
#include "plant.h"

#define EPERM 1

struct bpf_token {
	__u64 allowed_maps;
} __attribute__((preserve_access_index));

SEC("lsm/bpf_token_create")
int BPF_PROG(deny, struct bpf_token *token)
{
	return token->allowed_maps & (1ULL << BPF_MAP_TYPE_LRU_HASH) ? 0 : -EPERM;
}

char LICENSE[] SEC("license") = "GPL";
