// SPDX-License-Identifier: Apache-2.0
/*
 * A file system is created in steps, also by different processes: fsopen(2), fsconfig(2),
 * fsmount(2), move_mount(2).
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include "handle_fd.h"
#include "mntns.h"
#include "operation.h"

void op_fs_open(struct args *args, struct reply *reply)
{
	const char *fstype = args_string(args, "fstype");
	int fd;

	if (!args_valid(args))
		return;
	fd = fsopen(fstype, FSOPEN_CLOEXEC);
	if (fd < 0)
		reply_fail(reply, errno, "open the file system %s", fstype);
	else
		handle_fd_keep(fd, reply);
}

/* With the kernel's messages as log. */
static void fail(int fd, struct reply *reply, int error, const char *what, const char *key)
{
	char log[2048] = "";
	size_t length = 0;
	ssize_t got;

	while (length < sizeof(log) - 1 && (got = read(fd, log + length, sizeof(log) - 1 - length)) > 0)
		length += got;
	reply_fail_with_log(reply, error, log, "%s%s", what, key);
}

void op_fs_config(struct args *args, struct reply *reply)
{
	int fd = handle_fd_own(args, reply);
	uint32_t count = args_count_or_none(args, "options", UINT32_MAX);
	bool create = args_bool_or(args, "create", false);

	for (uint32_t i = 0; fd >= 0 && i < count; i++) {
		struct args option = args_element(args, "options", i);
		const char *key = args_string(&option, "key");
		const char *value = args_string_or_null(&option, "value");
		int command = value ? FSCONFIG_SET_STRING : FSCONFIG_SET_FLAG;

		if (!args_valid(args))
			return;
		if (fsconfig(fd, command, key, value, 0) < 0) {
			fail(fd, reply, errno, "set ", key);
			return;
		}
	}
	if (fd < 0 || !args_valid(args))
		return;
	if (create && fsconfig(fd, FSCONFIG_CMD_CREATE, NULL, NULL, 0) < 0)
		fail(fd, reply, errno, "create", "");
	else
		reply_map(reply, 0);
}

void op_fs_mount(struct args *args, struct reply *reply)
{
	int fd = handle_fd_own(args, reply), mounted;

	if (fd < 0)
		return;
	mounted = fsmount(fd, FSMOUNT_CLOEXEC, 0);
	if (mounted < 0)
		reply_fail(reply, errno, "create a mount");
	else
		handle_fd_keep(mounted, reply);
}

struct moving {
	int fd;
	const char *path;
};

static int move(void *context)
{
	const struct moving *moving = context;

	if (mkdir(moving->path, 0755) < 0 && errno != EEXIST)
		return -errno;
	return move_mount(moving->fd, "", AT_FDCWD, moving->path, MOVE_MOUNT_F_EMPTY_PATH) < 0 ? -errno : 0;
}

void op_mount_move(struct args *args, struct reply *reply)
{
	struct moving moving = { .fd = handle_fd_own(args, reply), .path = args_string(args, "path") };
	int error;

	if (moving.fd < 0 || !args_valid(args))
		return;
	error = mntns_do(args, move, &moving);
	if (args_valid(args))
		reply_done(reply, error, "move the mount to %s", moving.path);
}
