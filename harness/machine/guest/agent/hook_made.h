// SPDX-License-Identifier: Apache-2.0
#ifndef BPFGATE_HOOK_MADE_H
#define BPFGATE_HOOK_MADE_H

#include "args.h"
#include "attachment.h"

/*
 * Hooks of things that a program's own loader makes: a socket, a map, a perf event, a route, an
 * action. The agent makes one, and its end detaches the program. All return 0 or a negative errno.
 */

/* To a UDP socket; `option` is SO_ATTACH_BPF or SO_ATTACH_REUSEPORT_EBPF. */
int attach_socket(struct args *args, const struct bpf_program *program, struct attachment *attachment, int option);
/* sk_msg and sk_skb programs: to a sockmap. */
int attach_sockmap(struct args *args, const struct bpf_program *program, struct attachment *attachment, int unused);
/* XDP programs of an entry; `type` is BPF_MAP_TYPE_DEVMAP (`ifindex`) or BPF_MAP_TYPE_CPUMAP. */
int attach_xdp_map(struct args *args, const struct bpf_program *program, struct attachment *attachment, int type);
/* To a software event of CPU 0; `event` is PERF_COUNT_SW_*. */
int attach_perf_event(struct args *args, const struct bpf_program *program, struct attachment *attachment, int event);
/* lwt programs: to a route over the device `ifindex`. */
int attach_route(struct args *args, const struct bpf_program *program, struct attachment *attachment, int unused);

/* tc actions: to an action of no filter. */
int attach_action(struct args *args, const struct bpf_program *program, struct attachment *attachment, int unused);

int action_detach(const struct attachment *attachment);
int route_detach(const struct attachment *attachment);

#endif
