// SPDX-License-Identifier: Apache-2.0
#ifndef BPFGATE_OBJECT_TOKEN_H
#define BPFGATE_OBJECT_TOKEN_H

#include <bpf/bpf.h>

/*
 * A token for maps that are created before libbpf loads the object, from the same bpffs as libbpf's
 * own (bpf_object_open_opts.bpf_token_path, which may be NULL). 0 if there is none.
 */
int object_token_create(const char *token_path);

/* Adds the token to the options of a new map, unless it is 0. */
void object_token_use(struct bpf_map_create_opts *opts, int token);

#endif
