// SPDX-License-Identifier: Apache-2.0
#include "handle_fd.h"

#include <errno.h>

#include "attachment.h"
#include "handle.h"
#include "object.h"

int handle_fd(struct args *named)
{
	uint32_t id = args_uint(named, "handle", UINT32_MAX);
	const char *program = args_string_or_null(named, "program");
	const char *map = args_string_or_null(named, "map");
	struct handle *handle = handle_find(id, HANDLE_FD);
	const struct bpf_program *of_program;
	const struct bpf_map *of_map;

	if (handle)
		return handle->fd;
	handle = handle_find(id, HANDLE_LINK);
	if (handle)
		return attachment_link_fd(handle->attachment);
	handle = handle_find(id, HANDLE_OBJECT);
	if (!handle)
		return -1;
	of_program = program ? bpf_object__find_program_by_name(handle->object->bpf, program) : NULL;
	of_map = map ? bpf_object__find_map_by_name(handle->object->bpf, map) : NULL;
	return of_program ? bpf_program__fd(of_program) : of_map ? bpf_map__fd(of_map) : -1;
}

int handle_fd_argument(struct args *args, const char *key)
{
	struct args named = args_map_or_none(args, key);
	int fd = named.map ? handle_fd(&named) : -1;

	if (named.map && fd < 0)
		args_complain(args, key, "names nothing that has a file descriptor");
	return fd;
}

int handle_fd_own(struct args *args, struct reply *reply)
{
	uint32_t id = args_uint(args, "handle", UINT32_MAX);
	struct handle *handle = handle_find(id, HANDLE_FD);

	if (!args_valid(args))
		return -1;
	if (!handle)
		reply_fail(reply, EBADF, "handle %u", id);
	return handle ? handle->fd : -1;
}

uint32_t handle_fd_new(int fd)
{
	struct handle *handle = handle_new(HANDLE_FD);

	handle->fd = fd;
	return handle->id;
}

void handle_fd_keep(int fd, struct reply *reply)
{
	reply_map(reply, 1);
	reply_key_uint(reply, "handle", handle_fd_new(fd));
}
