// SPDX-License-Identifier: Apache-2.0
#include <bpf/bpf.h>
#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "handle.h"
#include "handle_fd.h"
#include "operation.h"

/*
 * The root of a bpffs: at a path, or opened in a mount, because the mount's own file descriptor is
 * not accepted.
 */
static int open_root(const char *path, const struct handle *mount)
{
	if (path)
		return open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	return openat(mount->fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
}

/* Replaces the folder by one in it. 0 or a negative errno. */
static int descend(int *folder, const char *name)
{
	int fd;

	if (mkdirat(*folder, name, 0755) < 0 && errno != EEXIST)
		return -errno;
	fd = openat(*folder, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	close(*folder);
	*folder = fd;
	return 0;
}

void op_token_create(struct args *args, struct reply *reply)
{
	const char *path = args_string_or_null(args, "path");
	const char *folder = args_string_or_null(args, "folder");
	struct handle *mount = NULL;
	int fd, token, error;

	if (!path)
		mount = handle_find(args_uint(args, "handle", UINT32_MAX), HANDLE_FD);
	if (!args_valid(args))
		return;
	fd = path || mount ? open_root(path, mount) : -1;
	if (fd < 0) {
		reply_fail(reply, path || mount ? errno : EBADF, "open the bpffs %s", path ? path : "of the handle");
		return;
	}
	error = folder ? descend(&fd, folder) : 0;
	if (error) {
		reply_fail(reply, error, "open the folder %s of the bpffs", folder);
		close(fd);
		return;
	}
	token = bpf_token_create(fd, NULL);
	error = token;
	close(fd);
	if (token < 0) {
		reply_fail(reply, error, "create the token");
		return;
	}
	handle_fd_keep(token, reply);
}
