// SPDX-License-Identifier: Apache-2.0
#include <errno.h>
#include <sys/mount.h>
#include <sys/stat.h>

#include "operation.h"

void op_mount(struct args *args, struct reply *reply)
{
	const char *source = args_string(args, "source");
	const char *target = args_string(args, "target");
	const char *fstype = args_string(args, "fstype");
	unsigned long flags = args_uint_or(args, "flags", UINT32_MAX, 0);
	const char *data = args_string_or_null(args, "data");

	if (!args_valid(args))
		return;
	if (mkdir(target, 0755) < 0 && errno != EEXIST)
		reply_fail(reply, errno, "make %s", target);
	else if (mount(source, target, fstype, flags, data) < 0)
		reply_fail(reply, errno, "mount %s on %s", fstype, target);
	else
		reply_map(reply, 0);
}

void op_unmount(struct args *args, struct reply *reply)
{
	const char *target = args_string(args, "target");

	if (!args_valid(args))
		return;
	if (umount2(target, 0) < 0)
		reply_fail(reply, errno, "unmount %s", target);
	else
		reply_map(reply, 0);
}
