// SPDX-License-Identifier: Apache-2.0
#include <errno.h>
#include <sys/mount.h>
#include <sys/stat.h>

#include "mntns.h"
#include "operation.h"

struct mounting {
	const char *source;
	const char *target;
	const char *fstype;
	unsigned long flags;
	const char *data;
};

static int do_mount(void *context)
{
	const struct mounting *mounting = context;

	if (mkdir(mounting->target, 0755) < 0 && errno != EEXIST)
		return -errno;
	return mount(mounting->source, mounting->target, mounting->fstype, mounting->flags, mounting->data) < 0 ? -errno : 0;
}

void op_mount(struct args *args, struct reply *reply)
{
	struct mounting mounting = {
		.source = args_string(args, "source"),
		.target = args_string(args, "target"),
		.fstype = args_string(args, "fstype"),
		.flags = args_uint_or(args, "flags", UINT32_MAX, 0),
		.data = args_string_or_null(args, "data"),
	};
	int error;

	if (!args_valid(args))
		return;
	error = mntns_do(args, do_mount, &mounting);
	if (args_valid(args))
		reply_done(reply, error, "mount %s on %s", mounting.fstype, mounting.target);
}

struct unmounting {
	const char *target;
	int flags;
};

static int do_unmount(void *context)
{
	const struct unmounting *unmounting = context;

	return umount2(unmounting->target, unmounting->flags) < 0 ? -errno : 0;
}

void op_unmount(struct args *args, struct reply *reply)
{
	struct unmounting unmounting = {
		.target = args_string(args, "target"),
		.flags = args_bool_or(args, "lazy", false) ? MNT_DETACH : 0,
	};
	int error;

	if (!args_valid(args))
		return;
	error = mntns_do(args, do_unmount, &unmounting);
	if (args_valid(args))
		reply_done(reply, error, "unmount %s", unmounting.target);
}
