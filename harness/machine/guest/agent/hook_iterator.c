// SPDX-License-Identifier: Apache-2.0
#include "hook_iterator.h"

#include <bpf/bpf.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include "handle.h"
#include "memory.h"
#include "object.h"

#define MAX_ITERATION (64u << 10)
/* A program that answers 1 asks for the same element again, if it likes forever. */
#define MAX_RETRIES 1000

/* The descriptor of the map of the program's object, or a negative errno. */
static int map_fd(struct args *args, const char *name)
{
	struct handle *handle = handle_find(args_uint(args, "object", UINT32_MAX), HANDLE_OBJECT);
	const struct bpf_map *map = handle ? bpf_object__find_map_by_name(handle->object->bpf, name) : NULL;

	return map && bpf_map__fd(map) >= 0 ? bpf_map__fd(map) : -ENOENT;
}

/* Kernels before 6.1 do not know the tasks of an iterator, and iterate over all. */
static int check_task(int link_fd, uint32_t tid, uint32_t pid)
{
	struct bpf_link_info seen = { 0 };
	uint32_t length = sizeof(seen);

	if (bpf_link_get_info_by_fd(link_fd, &seen, &length) < 0)
		return -errno;
	return seen.iter.task.tid == tid && seen.iter.task.pid == pid ? 0 : -EOPNOTSUPP;
}

int attach_iterator(struct args *args, const struct bpf_program *program, struct attachment *attachment, int type)
{
	const char *map = args_string_or_null(args, "iterated"), *path = args_string_or_null(args, "path");
	uint32_t order = args_uint_or(args, "order", UINT32_MAX, 0);
	uint32_t tid = args_uint_or(args, "tid", INT32_MAX, 0), pid = args_uint_or(args, "pid", INT32_MAX, 0);
	union bpf_iter_link_info over = { 0 };
	LIBBPF_OPTS(bpf_link_create_opts, opts, .iter_info = &over, .iter_info_len = sizeof(over));
	int link, error = 0, cgroup = -1;

	if (!args_valid(args))
		return -EINVAL;
	if (map) {
		int fd = map_fd(args, map);

		if (fd < 0)
			return fd;
		over.map.map_fd = fd;
	} else if (order != 0) {
		over.cgroup.order = order;
		cgroup = path ? open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC) : -1;
		if (path && cgroup < 0)
			return -errno;
		over.cgroup.cgroup_fd = path ? cgroup : 0;
	} else if (tid != 0 || pid != 0) {
		over.task.tid = tid;
		over.task.pid = pid;
	} else {
		opts.iter_info = NULL;
		opts.iter_info_len = 0;
	}
	link = bpf_link_create(bpf_program__fd(program), 0, type, &opts);
	if (link < 0)
		error = -errno;
	/* 5.10 refuses a `pid`, which lies behind the end of what it knows. */
	if (error == -E2BIG && pid != 0)
		error = -EOPNOTSUPP;
	if (cgroup >= 0)
		close(cgroup);
	if (!error && (tid != 0 || pid != 0))
		error = check_task(link, tid, pid);
	if (error) {
		if (link >= 0)
			close(link);
		return error;
	}
	attachment->kind = ATTACHED_BY_LINK;
	attachment->link_fd = link;
	return 0;
}

struct iteration iteration_read(int link_fd)
{
	struct iteration iteration = { .text = memory_zeroed(MAX_ITERATION) };
	int fd = bpf_iter_create(link_fd), retries = 0;
	ssize_t got;

	if (fd < 0)
		iteration.error = errno;
	while (fd >= 0 && iteration.length < MAX_ITERATION) {
		got = read(fd, iteration.text + iteration.length, MAX_ITERATION - iteration.length);
		if (got < 0 && (errno == EAGAIN || errno == EINTR) && retries++ < MAX_RETRIES)
			continue;
		if (got < 0)
			iteration.error = errno;
		if (got <= 0)
			break;
		iteration.length += got;
	}
	if (fd >= 0)
		close(fd);
	return iteration;
}

void reply_iteration(struct reply *reply, const struct iteration *iteration)
{
	reply_key(reply, "iteration");
	reply_map(reply, 2);
	reply_key_uint(reply, "errno", iteration->error);
	reply_key_bytes(reply, "data", iteration->text, iteration->length);
	free(iteration->text);
}
