// SPDX-License-Identifier: Apache-2.0
#ifndef BPFGATE_HOOK_USER_H
#define BPFGATE_HOOK_USER_H

#include <bpf/libbpf.h>

/*
 * Attaches a uprobe or uretprobe program to `function[+offset]` of a binary, one of
 * uprobe.multi or uprobe.session to a pattern of functions. NULL and errno.
 */
struct bpf_link *attach_user_function(const struct bpf_program *program, const char *binary, const char *function);
/* Attaches to the USDT probe `provider:name` of a binary. NULL and errno. */
struct bpf_link *attach_user_probe(const struct bpf_program *program, const char *binary, const char *probe);

#endif
