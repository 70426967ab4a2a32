// SPDX-License-Identifier: Apache-2.0
#include <bpf/libbpf.h>
#include <errno.h>
#include <linux/if_link.h>
#include <string.h>

#include "handle_fd.h"
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
		reply_fail(reply, error, "XDP programs of device %d", ifindex);
		return;
	}
	reply_map(reply, 3);
	reply_key_uint(reply, "native", opts.drv_prog_id);
	reply_key_uint(reply, "generic", opts.skb_prog_id);
	reply_key_uint(reply, "offloaded", opts.hw_prog_id);
}

/* -1: none was named. */
static int program_fd(struct args *args, const char *key)
{
	struct args named = args_map_or_none(args, key);
	int fd = named.map ? handle_fd(&named) : -1;

	if (named.map && fd < 0)
		args_complain(args, key, "names nothing that has a file descriptor");
	return fd;
}

void op_xdp_set(struct args *args, struct reply *reply)
{
	int ifindex = args_uint(args, "ifindex", INT32_MAX);
	int fd = program_fd(args, "program"), expected = program_fd(args, "expected");
	const char *mode = args_string_or_null(args, "mode");
	uint32_t flags = args_bool_or(args, "exclusive", false) ? XDP_FLAGS_UPDATE_IF_NOEXIST : 0;
	LIBBPF_OPTS(bpf_xdp_attach_opts, opts, .old_prog_fd = expected);
	int error;

	if (mode && strcmp(mode, "generic") == 0)
		flags |= XDP_FLAGS_SKB_MODE;
	else if (mode && strcmp(mode, "native") == 0)
		flags |= XDP_FLAGS_DRV_MODE;
	else if (mode)
		args_complain(args, "mode", "is neither native nor generic");
	if (!args_valid(args))
		return;
	/* libbpf takes an old program of 0 for none. */
	error = bpf_xdp_attach(ifindex, fd, flags, expected >= 0 ? &opts : NULL);
	reply_map(reply, 1);
	reply_key_uint(reply, "errno", -error);
}
