// SPDX-License-Identifier: Apache-2.0
#include <bpf/bpf.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include "handle_fd.h"
#include "hook.h"
#include "hook_iterator.h"
#include "libbpf_log.h"
#include "memory.h"
#include "operation.h"
#include "struct_ops.h"

/* sk_msg, sk_skb and stream parser programs attach to a sockmap, without a link. */
static int attach_to_map(struct attachment *attachment, const struct bpf_program *program, const struct bpf_map *map)
{
	enum bpf_attach_type type = bpf_program__expected_attach_type(program);
	int error = bpf_prog_attach(bpf_program__fd(program), bpf_map__fd(map), type, 0);

	if (error)
		return error;
	attachment->kind = ATTACHED_TO_MAP;
	attachment->map.map_fd = fcntl(bpf_map__fd(map), F_DUPFD_CLOEXEC, 3);
	attachment->map.prog_fd = fcntl(bpf_program__fd(program), F_DUPFD_CLOEXEC, 3);
	attachment->map.type = type;
	return 0;
}

static void reply_attachment(struct reply *reply, const struct attachment *attachment, uint32_t id)
{
	struct bpf_link_info info = { 0 };
	uint32_t length = sizeof(info);
	int fd = attachment_link_fd(attachment);
	bool link = fd >= 0 && bpf_link_get_info_by_fd(fd, &info, &length) == 0;
	bool iterator = link && info.type == BPF_LINK_TYPE_ITER;

	reply_map(reply, 2 + 2 * link + iterator);
	reply_key_uint(reply, "link", id);
	if (link) {
		reply_key_uint(reply, "id", info.id);
		reply_key_uint(reply, "type", info.type);
	}
	if (iterator) {
		struct iteration iteration = iteration_read(fd);

		reply_iteration(reply, &iteration);
	}
	reply_key_string(reply, "log", libbpf_log_text());
}

/* Exchanges the attached program for this one. 0 or a negative errno. */
static int replace(struct args *args, const struct attachment *attachment, const struct bpf_program *program)
{
	int expected = handle_fd_argument(args, "expected"), link = attachment_link_fd(attachment);
	LIBBPF_OPTS(bpf_link_update_opts, opts);

	if (!args_valid(args))
		return -EINVAL;
	if (expected >= 0) {
		opts.old_prog_fd = expected;
		opts.flags = BPF_F_REPLACE;
	} else if (attachment->kind == ATTACHED_BY_TC) {
		return tc_replace(attachment, bpf_program__fd(program));
	}
	if (link < 0)
		return -EOPNOTSUPP;
	return bpf_link_update(link, bpf_program__fd(program), &opts) < 0 ? -errno : 0;
}

static void replace_attached(struct args *args, const struct bpf_program *program, struct reply *reply)
{
	uint32_t id = args_uint(args, "replaces", UINT32_MAX);
	struct handle *handle = handle_find(id, HANDLE_LINK);
	int error;

	if (!args_valid(args))
		return;
	if (!handle || !program) {
		reply_fail(reply, handle ? EINVAL : EBADF, "replace the program of link %u", id);
		return;
	}
	error = replace(args, handle->attachment, program);
	if (error)
		reply_fail_with_log(reply, error, libbpf_log_text(), "replace the program of link %u by %s", id,
				    bpf_program__name(program));
	else
		reply_attachment(reply, handle->attachment, id);
}

/* Attaches what the arguments name. False after a complaint or a failed reply. */
static bool attach_named(struct args *args, struct reply *reply, struct object *object,
			 const struct bpf_program *program, const struct bpf_map *map, struct attachment *made)
{
	const char *hook_name = args_string(args, "hook");
	const struct hook *hook = hook_find(hook_name);
	const char *name = program ? bpf_program__name(program) : bpf_map__name(map);
	int error;

	if (!args_valid(args))
		return false;
	if (!hook) {
		reply_fail(reply, EOPNOTSUPP, "attach %s: unknown hook %.64s", name, hook_name);
		return false;
	}
	libbpf_log_begin();
	if (program && map)
		error = attach_to_map(made, program, map);
	else if (map)
		error = struct_ops_attach(object, map, made);
	else
		error = hook_attach(hook, args, program, made);
	if (!error && args_valid(args))
		return true;
	if (!error)
		attachment_detach(made);
	reply_fail_with_log(reply, error, libbpf_log_text(), "attach %s to %s", name, hook_name);
	return false;
}

/* What the arguments name, which is loaded. False after a complaint or a failed reply. */
static bool named(struct args *args, struct reply *reply, const struct object *object,
		  const struct bpf_program **program, const struct bpf_map **map)
{
	const char *program_name = args_string_or_null(args, "program");
	const char *map_name = args_string_or_null(args, "map");

	if (!object || !args_valid(args))
		return false;
	if (program_name)
		*program = bpf_object__find_program_by_name(object->bpf, program_name);
	if (map_name)
		*map = bpf_object__find_map_by_name(object->bpf, map_name);
	if ((!program_name || (*program && bpf_program__fd(*program) >= 0)) &&
	    (!map_name || (*map && bpf_map__fd(*map) >= 0)) && (*program || *map))
		return true;
	reply_fail(reply, ENOENT, "attach %s: it is not loaded",
		   program_name ? program_name : map_name ? map_name : "nothing");
	return false;
}

void op_attach(struct args *args, struct reply *reply)
{
	struct object *object = object_argument(args, "object", reply);
	const struct bpf_program *program = NULL;
	const struct bpf_map *map = NULL;
	struct attachment made = { 0 };
	struct handle *handle;

	if (!named(args, reply, object, &program, &map))
		return;
	if (args_has(args, "replaces")) {
		libbpf_log_begin();
		replace_attached(args, program, reply);
		return;
	}
	if (!attach_named(args, reply, object, program, map, &made))
		return;
	handle = handle_new(HANDLE_LINK);
	handle->attachment = memory_copy(&made, sizeof(made));
	reply_attachment(reply, handle->attachment, handle->id);
}

void op_attach_once(struct args *args, struct reply *reply)
{
	struct object *object = object_argument(args, "object", reply);
	const struct bpf_program *program = NULL;
	const struct bpf_map *map = NULL;
	struct attachment made = { 0 };
	struct bpf_link_info info = { 0 };
	uint32_t length = sizeof(info);
	struct iteration iteration = { 0 };
	bool iterator;
	int fd, seen = 0, error;

	if (!named(args, reply, object, &program, &map) ||
	    !attach_named(args, reply, object, program, map, &made))
		return;
	/* The program may refuse the agent this call. */
	fd = attachment_link_fd(&made);
	if (fd >= 0 && bpf_link_get_info_by_fd(fd, &info, &length) < 0)
		seen = errno;
	iterator = info.type == BPF_LINK_TYPE_ITER;
	if (iterator)
		iteration = iteration_read(fd);
	error = attachment_detach(&made);
	if (error) {
		free(iteration.text);
		reply_fail_with_log(reply, error, libbpf_log_text(), "detach %s",
				    program ? bpf_program__name(program) : bpf_map__name(map));
		return;
	}
	reply_map(reply, 2 + 2 * (info.id != 0) + iterator);
	if (info.id != 0) {
		reply_key_uint(reply, "id", info.id);
		reply_key_uint(reply, "type", info.type);
	}
	reply_key_uint(reply, "info_errno", seen);
	if (iterator)
		reply_iteration(reply, &iteration);
	reply_key_string(reply, "log", libbpf_log_text());
}

void op_detach(struct args *args, struct reply *reply)
{
	uint32_t id = args_uint(args, "link", UINT32_MAX);
	struct handle *handle = handle_find(id, HANDLE_LINK);
	int error;

	if (!args_valid(args))
		return;
	if (!handle) {
		reply_fail(reply, EBADF, "link %u", id);
		return;
	}
	error = attachment_detach(handle->attachment);
	free(handle->attachment);
	handle_drop(handle);
	reply_done(reply, error, "detach link %u", id);
}
