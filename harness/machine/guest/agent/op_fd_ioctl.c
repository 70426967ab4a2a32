// SPDX-License-Identifier: Apache-2.0
#include <errno.h>
#include <sys/ioctl.h>

#include "handle_fd.h"
#include "operation.h"

void op_fd_ioctl(struct args *args, struct reply *reply)
{
	int fd = handle_fd_own(args, reply), argument = handle_fd_argument(args, "argument"), error;
	uint32_t request = args_uint(args, "request", UINT32_MAX);

	if (!args_valid(args) || fd < 0)
		return;
	error = ioctl(fd, (unsigned long)request, (unsigned long)(argument < 0 ? 0 : argument)) < 0 ? errno : 0;
	reply_map(reply, 1);
	reply_key_uint(reply, "errno", error);
}
