// SPDX-License-Identifier: Apache-2.0
#include "operation.h"

#include <errno.h>
#include <string.h>

#include "netns.h"
#include "user.h"

static const struct {
	const char *name;
	operation_fn *run;
} operations[] = {
	{ "hello", op_hello },
	{ "ping", op_ping },
	{ "file_read", op_file_read },
	{ "file_write", op_file_write },
	{ "file_remove", op_file_remove },
	{ "dir_list", op_dir_list },
	{ "object_open", op_object_open },
	{ "object_load", op_object_load },
	{ "object_close", op_object_close },
	{ "object_snapshot", op_object_snapshot },
	{ "object_reset", op_object_reset },
	{ "test_run", op_test_run },
	{ "coverage_read", op_coverage_read },
	{ "replay", op_replay },
	{ "map_dump", op_map_dump },
	{ "map_write", op_map_write },
	{ "map_delete", op_map_delete },
	{ "map_mmap", op_map_mmap },
	{ "events_watch", op_events_watch },
	{ "events_drain", op_events_drain },
	{ "attach", op_attach },
	{ "detach", op_detach },
	{ "netns_add", op_netns_add },
	{ "path_open", op_path_open },
	{ "addr_add", op_addr_add },
	{ "tc_filters", op_tc_filters },
	{ "xdp_query", op_xdp_query },
	{ "xdp_set", op_xdp_set },
	{ "packet_send", op_packet_send },
	{ "capture_open", op_capture_open },
	{ "packets_read", op_packets_read },
	{ "packets_account", op_packets_account },
	{ "socket_traffic", op_socket_traffic },
	{ "netdev_add", op_netdev_add },
	{ "netdev_del", op_netdev_del },
	{ "cgroup_add", op_cgroup_add },
	{ "cgroup_del", op_cgroup_del },
	{ "module_load", op_module_load },
	{ "inventory", op_inventory },
	{ "probe", op_probe },
	{ "socket_open", op_socket_open },
	{ "bpf", op_bpf },
	{ "fd_adopt", op_fd_adopt },
	{ "close", op_close },
	{ "key_add", op_key_add },
	{ "key_search", op_key_search },
	{ "key_id", op_key_id },
	{ "key_describe", op_key_describe },
	{ "key_read", op_key_read },
	{ "key_link", op_key_link },
	{ "key_unlink", op_key_unlink },
	{ "key_revoke", op_key_revoke },
	{ "key_invalidate", op_key_invalidate },
	{ "key_clear", op_key_clear },
	{ "key_timeout", op_key_timeout },
	{ "key_permit", op_key_permit },
	{ "key_restrict", op_key_restrict },
	{ "user_start", op_user_start },
	{ "fd_pass", op_fd_pass },
	{ "fd_send", op_fd_send },
	{ "fd_receive", op_fd_receive },
	{ "fs_open", op_fs_open },
	{ "fs_config", op_fs_config },
	{ "fs_mount", op_fs_mount },
	{ "mount_move", op_mount_move },
	{ "token_create", op_token_create },
	{ "mount", op_mount },
	{ "unmount", op_unmount },
	{ "command_run", op_command_run },
	{ "misbehave", op_misbehave },
};

static operation_fn *find(const char *name)
{
	for (size_t i = 0; i < sizeof(operations) / sizeof(operations[0]); i++) {
		if (strcmp(operations[i].name, name) == 0)
			return operations[i].run;
	}
	return NULL;
}

void operation_run(const char *name, struct args *args, struct reply *reply)
{
	operation_fn *run = find(name);
	uint32_t before = netns_current();
	struct user *user;
	int error;

	if (!run) {
		reply_fail(reply, ENOSYS, "%.64s: no such operation", name);
		return;
	}
	if (args_has(args, "user")) {
		user = user_argument(args, "user", reply);
		if (user)
			user_forward(user, name, args, reply);
		if (!args_valid(args))
			reply_fail(reply, EINVAL, "%s: %s", name, args->complaint);
		return;
	}
	error = netns_enter(args_uint_or(args, "netns", UINT32_MAX, before));
	if (error) {
		reply_fail(reply, error, "%s: enter the network namespace", name);
		return;
	}
	run(args, reply);
	netns_enter(before);
	if (!args_valid(args))
		reply_fail(reply, EINVAL, "%s: %s", name, args->complaint);
}
