// SPDX-License-Identifier: Apache-2.0
#include <bpf/libbpf.h>
#include <linux/if_link.h>

#include "handle_fd.h"
#include "hook.h"
#include "operation.h"

void op_xdp_query(struct args *args, struct reply *reply)
{
	int ifindex = args_uint(args, "ifindex", INT32_MAX);
	LIBBPF_OPTS(bpf_xdp_query_opts, opts);
	int error;

	if (!args_valid(args))
		return;
	error = bpf_xdp_query(ifindex, 0, &opts);
	if (error) {
		reply_fail(reply, error, "query the XDP programs of device %d", ifindex);
		return;
	}
	reply_map(reply, 3);
	reply_key_uint(reply, "native", opts.drv_prog_id);
	reply_key_uint(reply, "generic", opts.skb_prog_id);
	reply_key_uint(reply, "offloaded", opts.hw_prog_id);
}

void op_xdp_set(struct args *args, struct reply *reply)
{
	int ifindex = args_uint(args, "ifindex", INT32_MAX);
	int fd = handle_fd_argument(args, "program"), expected = handle_fd_argument(args, "expected");
	uint32_t flags = hook_xdp_mode(args) | (args_bool_or(args, "exclusive", false) ? XDP_FLAGS_UPDATE_IF_NOEXIST : 0);
	LIBBPF_OPTS(bpf_xdp_attach_opts, opts, .old_prog_fd = expected);
	int error;

	if (!args_valid(args))
		return;
	/* libbpf reads an old program of 0 as none. */
	error = bpf_xdp_attach(ifindex, fd, flags, expected >= 0 ? &opts : NULL);
	reply_map(reply, 1);
	reply_key_uint(reply, "errno", -error);
}
