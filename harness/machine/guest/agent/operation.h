// SPDX-License-Identifier: Apache-2.0
#ifndef BPFGATE_OPERATION_H
#define BPFGATE_OPERATION_H

#include "args.h"
#include "reply.h"

/*
 * One operation of operations.ts: packs its result into `reply`, or fails it. It checks
 * `args_valid` before it acts on its arguments and returns at once when they are not;
 * `operation_run` turns the complaint into EINVAL.
 */
typedef void operation_fn(struct args *args, struct reply *reply);

operation_fn op_hello, op_ping;
operation_fn op_file_read, op_file_write, op_file_remove, op_dir_list;
operation_fn op_object_open, op_object_load, op_object_close;
operation_fn op_object_snapshot, op_object_reset, op_coverage_read, op_test_run, op_replay;
operation_fn op_map_dump, op_map_write, op_map_delete, op_map_mmap;
operation_fn op_events_watch, op_events_drain;
operation_fn op_attach, op_detach;
operation_fn op_netdev_add, op_netdev_del, op_cgroup_add, op_cgroup_del;
operation_fn op_inventory, op_probe, op_socket_open, op_bpf, op_fd_adopt, op_close;
operation_fn op_netns_add, op_path_open, op_addr_add;
operation_fn op_tc_filters, op_xdp_query, op_xdp_set;
operation_fn op_packet_send, op_capture_open, op_packets_read, op_packets_account, op_socket_traffic;
operation_fn op_key_add, op_key_search, op_key_id, op_key_describe, op_key_read;
operation_fn op_key_link, op_key_unlink, op_key_revoke, op_key_invalidate, op_key_clear;
operation_fn op_key_timeout, op_key_permit, op_key_restrict;
operation_fn op_user_start, op_fd_pass, op_fd_send, op_fd_receive;
operation_fn op_fs_open, op_fs_config, op_fs_mount, op_mount_move, op_token_create;
operation_fn op_mount, op_unmount;
operation_fn op_module_load, op_command_run, op_misbehave;

/*
 * Runs the operation of this name in the network namespace that the argument `netns` names, that of
 * the caller unless given; has a user do it whom the argument `user` names. Fails the reply with
 * ENOSYS for no such operation, EINVAL for invalid arguments.
 */
void operation_run(const char *name, struct args *args, struct reply *reply);

#endif
