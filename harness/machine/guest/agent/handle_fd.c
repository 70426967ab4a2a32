// SPDX-License-Identifier: Apache-2.0
#include "handle_fd.h"

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

void handle_fd_keep(int fd, struct reply *reply)
{
	struct handle *handle = handle_new(HANDLE_FD);

	handle->fd = fd;
	reply_map(reply, 1);
	reply_key_uint(reply, "handle", handle->id);
}
