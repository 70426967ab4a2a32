// SPDX-License-Identifier: Apache-2.0
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "memory.h"
#include "operation.h"

/* Leaves room for the rest of the frame. */
#define MAX_READ (48u << 20)
#define DEFAULT_READ (1u << 20)

/* Reads until the end or `max`; files of /proc and /sys return pieces and have no size. */
static ssize_t read_up_to(int fd, uint8_t *into, size_t max, bool *eof)
{
	size_t have = 0;

	*eof = false;
	while (have < max) {
		ssize_t got = read(fd, into + have, max - have);

		if (got < 0 && errno == EINTR)
			continue;
		/* /dev/kmsg and the like have no end, but nothing more to read now. */
		if (got < 0)
			return have && errno == EAGAIN ? (ssize_t)have : -1;
		if (got == 0) {
			*eof = true;
			break;
		}
		have += got;
	}
	return have;
}

void op_file_read(struct args *args, struct reply *reply)
{
	const char *path = args_string(args, "path");
	uint64_t offset = args_uint_or(args, "offset", INT64_MAX, 0);
	uint64_t max = args_uint_or(args, "max", MAX_READ, DEFAULT_READ);
	uint8_t *buffer;
	ssize_t got;
	bool eof;
	int fd;

	if (!args_valid(args))
		return;
	/* Do not block on a fifo or an empty trace pipe. */
	fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	if (fd < 0) {
		reply_fail(reply, errno, "open %s", path);
		return;
	}
	buffer = malloc(max ? max : 1);
	if (!buffer) {
		reply_fail(reply, ENOMEM, "read %s", path);
	} else if (offset && lseek(fd, (off_t)offset, SEEK_SET) < 0) {
		reply_fail(reply, errno, "seek %s", path);
	} else if ((got = read_up_to(fd, buffer, max, &eof)) < 0) {
		reply_fail(reply, errno, "read %s", path);
	} else {
		reply_map(reply, 2);
		reply_key_bytes(reply, "data", buffer, got);
		reply_key_bool(reply, "eof", eof);
	}
	free(buffer);
	close(fd);
}

/* 0 or an errno. */
static int make_parents(const char *path)
{
	char *folder = memory_copy(path, strlen(path) + 1);
	int error = 0;

	for (char *end = strchr(folder + 1, '/'); end && !error; end = strchr(end + 1, '/')) {
		*end = '\0';
		if (mkdir(folder, 0755) < 0 && errno != EEXIST)
			error = errno;
		*end = '/';
	}
	free(folder);
	return error;
}

void op_file_write(struct args *args, struct reply *reply)
{
	const char *path = args_string(args, "path");
	struct bytes data = args_bytes(args, "data", UINT32_MAX);
	bool append = args_bool_or(args, "append", false);
	bool parents = args_bool_or(args, "parents", false);
	mode_t mode = args_uint_or(args, "mode", 07777, 0644);
	size_t done = 0;
	int fd, error;

	if (!args_valid(args))
		return;
	error = parents ? make_parents(path) : 0;
	if (error) {
		reply_fail(reply, error, "make the folders of %s", path);
		return;
	}
	fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC | O_NONBLOCK | (append ? O_APPEND : O_TRUNC), mode);
	if (fd < 0) {
		reply_fail(reply, errno, "open %s", path);
		return;
	}
	while (done < data.length) {
		ssize_t put = write(fd, data.data + done, data.length - done);

		if (put < 0 && errno == EINTR)
			continue;
		if (put < 0) {
			reply_fail(reply, errno, "write %s", path);
			close(fd);
			return;
		}
		done += put;
	}
	reply_done(reply, close(fd) < 0 ? errno : 0, "close %s", path);
}

void op_file_remove(struct args *args, struct reply *reply)
{
	const char *path = args_string(args, "path");

	if (!args_valid(args))
		return;
	reply_done(reply, unlink(path) < 0 && (errno != EISDIR || rmdir(path) < 0) ? errno : 0, "remove %s", path);
}

static const char *kind_of(mode_t mode)
{
	switch (mode & S_IFMT) {
	case S_IFREG:
		return "file";
	case S_IFDIR:
		return "dir";
	case S_IFLNK:
		return "link";
	default:
		return "other";
	}
}

void op_dir_list(struct args *args, struct reply *reply)
{
	const char *path = args_string(args, "path");
	struct dirent *entry;
	uint32_t count = 0;
	size_t array;
	DIR *dir;

	if (!args_valid(args))
		return;
	dir = opendir(path);
	if (!dir) {
		reply_fail(reply, errno, "open %s", path);
		return;
	}
	reply_map(reply, 1);
	reply_key(reply, "entries");
	array = reply_array_begin(reply);
	while ((entry = readdir(dir))) {
		struct stat status = { 0 };

		if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0)
			continue;
		fstatat(dirfd(dir), entry->d_name, &status, AT_SYMLINK_NOFOLLOW);
		reply_map(reply, 2);
		reply_key_string(reply, "name", entry->d_name);
		reply_key_string(reply, "kind", kind_of(status.st_mode));
		count++;
	}
	reply_array_end(reply, array, count);
	closedir(dir);
}
