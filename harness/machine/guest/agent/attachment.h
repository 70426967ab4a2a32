// SPDX-License-Identifier: Apache-2.0
#ifndef BPFGATE_ATTACHMENT_H
#define BPFGATE_ATTACHMENT_H

#include <bpf/libbpf.h>
#include <stdbool.h>

#include "object.h"

enum attachment_kind {
	/* libbpf's link: detached by destroying it */
	ATTACHED_BY_LIBBPF,
	/* a kernel link's file descriptor: detached by closing it */
	ATTACHED_BY_LINK,
	/* a filter of a clsact qdisc */
	ATTACHED_BY_TC,
	/* BPF_PROG_ATTACH to a map */
	ATTACHED_TO_MAP,
	/* a socket or map that the agent made for the program: detached by closing it */
	ATTACHED_BY_FD,
	/* the agent's route through an lwt program */
	ATTACHED_TO_ROUTE,
	/* the agent's tc action */
	ATTACHED_TO_ACTION,
};

/* A program or struct_ops map that the agent keeps attached. */
struct attachment {
	enum attachment_kind kind;
	/* Must stay open while this is attached; NULL if it need not. */
	struct object *object;
	union {
		struct bpf_link *link;
		int link_fd;
		struct {
			int ifindex;
			/* Handle of the device's network namespace. */
			uint32_t netns;
			enum bpf_tc_attach_point point;
			uint32_t handle;
			uint32_t priority;
		} tc;
		struct {
			int map_fd;
			int prog_fd;
			enum bpf_attach_type type;
		} map;
		struct {
			uint32_t ifindex;
			/* Handle of the device's network namespace. */
			uint32_t netns;
			bool six;
		} route;
		/* Handle of the network namespace. */
		uint32_t action_netns;
	};
};

/* The file descriptor of the kernel's link, or -1 if there is none. */
int attachment_link_fd(const struct attachment *attachment);

/* Detaches. 0 or a negative errno; the attachment is gone in both cases. */
int attachment_detach(struct attachment *attachment);

/*
 * Attaches a tc program to a device's clsact qdisc, which is created if it does not exist. A qdisc
 * created here is removed with its last filter. The kernel chooses `priority` and `handle` when
 * they are 0. 0 or a negative errno.
 */
int tc_attach(struct attachment *attachment, int prog_fd, int ifindex, enum bpf_tc_attach_point point,
	      uint32_t priority, uint32_t handle);
/* Exchanges the filter's program atomically. 0 or a negative errno. */
int tc_replace(const struct attachment *attachment, int prog_fd);
int tc_detach(const struct attachment *attachment);

#endif
