// SPDX-License-Identifier: Apache-2.0
#define _GNU_SOURCE
#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "handle_fd.h"
#include "operation.h"

/* More are not taken from one process. */
#define MAX_TAKEN 64

/* Whether a file descriptor of a process is of files that are called so. */
static bool is_called(const char *folder, const char *number, const char *file)
{
	char path[PATH_MAX], target[PATH_MAX];
	ssize_t length;

	snprintf(path, sizeof(path), "%s/%s", folder, number);
	length = readlink(path, target, sizeof(target) - 1);
	if (length < 0)
		return false;
	target[length] = '\0';
	return strncmp(target, file, strlen(file)) == 0;
}

void op_fd_take(struct args *args, struct reply *reply)
{
	uint32_t pid = args_uint(args, "pid", INT32_MAX), count = 0;
	const char *file = args_string(args, "file");
	char path[64];
	int numbers[MAX_TAKEN], taken[MAX_TAKEN], pidfd, error = 0;
	struct dirent *entry;
	DIR *folder;
	size_t array;

	if (!args_valid(args))
		return;
	snprintf(path, sizeof(path), "/proc/%u/fd", pid);
	folder = opendir(path);
	pidfd = folder ? syscall(SYS_pidfd_open, pid, 0) : -1;
	if (pidfd < 0) {
		reply_fail(reply, errno, "open process %u", pid);
		if (folder)
			closedir(folder);
		return;
	}
	/* A process may take its own: first all numbers, then the descriptors. */
	while (count < MAX_TAKEN && (entry = readdir(folder)))
		if (is_called(path, entry->d_name, file))
			numbers[count++] = atoi(entry->d_name);
	closedir(folder);
	for (uint32_t i = 0; i < count && !error; i++) {
		taken[i] = syscall(SYS_pidfd_getfd, pidfd, numbers[i], 0);
		if (taken[i] >= 0)
			continue;
		error = errno;
		while (i--)
			close(taken[i]);
		break;
	}
	close(pidfd);
	if (error) {
		reply_fail(reply, error, "pidfd_getfd of process %u", pid);
		return;
	}
	reply_map(reply, 1);
	reply_key(reply, "handles");
	array = reply_array_begin(reply);
	for (uint32_t i = 0; i < count; i++)
		reply_uint(reply, handle_fd_new(taken[i]));
	reply_array_end(reply, array, count);
}
