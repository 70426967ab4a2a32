// SPDX-License-Identifier: Apache-2.0
#ifndef BPFGATE_HOOK_H
#define BPFGATE_HOOK_H

#include "args.h"
#include "attachment.h"

struct hook;

/* The hook of this name (`auto`, `xdp`, `tc_ingress` ...), or NULL. */
const struct hook *hook_find(const char *name);

/* Attaches a program as the arguments of `attach` say. 0 or a negative errno, or a complaint. */
int hook_attach(const struct hook *hook, struct args *args, const struct bpf_program *program,
		struct attachment *attachment);

/* XDP_FLAGS_SKB_MODE or XDP_FLAGS_DRV_MODE for the argument `mode`; 0 when it is absent. */
uint32_t hook_xdp_mode(struct args *args);

#endif
