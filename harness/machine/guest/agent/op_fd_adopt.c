// SPDX-License-Identifier: Apache-2.0
#include <errno.h>

#include "handle_fd.h"
#include "operation.h"
#include "strays.h"

static void adopt(struct reply *reply, int fd)
{
	reply_map(reply, 3);
	reply_key_uint(reply, "fd", fd);
	reply_key_uint(reply, "handle", handle_fd_new(fd));
	reply_key_string(reply, "kind", stray_kind(fd));
}

static bool is_stray(int fd)
{
	for (unsigned int i = 0; stray_at(i) >= 0; i++) {
		if (stray_at(i) == fd)
			return true;
	}
	return false;
}

void op_fd_adopt(struct args *args, struct reply *reply)
{
	uint32_t wanted = args_count_or_none(args, "fds", UINT32_MAX), count = 0;
	bool all = !args_has(args, "fds");
	size_t array;

	for (uint32_t i = 0; i < wanted; i++) {
		int fd = args_uint_at(args, "fds", i, INT32_MAX);

		if (args_valid(args) && !is_stray(fd)) {
			reply_fail(reply, EBADF, "file descriptor %d", fd);
			return;
		}
	}
	if (!args_valid(args))
		return;
	reply_map(reply, 1);
	reply_key(reply, "adopted");
	array = reply_array_begin(reply);
	while (all ? stray_at(0) >= 0 : count < wanted) {
		int fd = all ? stray_at(0) : (int)args_uint_at(args, "fds", count, INT32_MAX);

		/* A number given twice is adopted once. */
		if (!stray_take(fd))
			break;
		adopt(reply, fd);
		count++;
	}
	reply_array_end(reply, array, count);
}
