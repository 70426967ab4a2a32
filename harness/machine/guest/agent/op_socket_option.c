// SPDX-License-Identifier: Apache-2.0
#include <errno.h>
#include <limits.h>
#include <sys/socket.h>

#include "handle_fd.h"
#include "operation.h"

void op_socket_option(struct args *args, struct reply *reply)
{
	int fd = handle_fd_own(args, reply), value = handle_fd_argument(args, "value"), error;
	int level = args_int(args, "level", INT32_MIN, INT32_MAX);
	int option = args_int(args, "option", INT32_MIN, INT32_MAX);

	if (!args_valid(args) || fd < 0)
		return;
	if (value < 0)
		value = 0;
	error = setsockopt(fd, level, option, &value, sizeof(value)) < 0 ? errno : 0;
	reply_map(reply, 1);
	reply_key_uint(reply, "errno", error);
}
