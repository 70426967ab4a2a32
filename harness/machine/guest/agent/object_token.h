// SPDX-License-Identifier: Apache-2.0
#ifndef BPFGATE_OBJECT_TOKEN_H
#define BPFGATE_OBJECT_TOKEN_H

#include <bpf/bpf.h>

/*
 * A token for what is made for an object before libbpf loads it, from where libbpf will take its
 * own (bpf_object_open_opts.bpf_token_path, which may be NULL). 0 when there is none, as libbpf has
 * it.
 */
int object_token_create(const char *token_path);

/* Has a map made with that token, unless it is 0. */
void object_token_use(struct bpf_map_create_opts *opts, int token);

#endif
