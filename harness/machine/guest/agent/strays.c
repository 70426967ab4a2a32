// SPDX-License-Identifier: Apache-2.0
#include "strays.h"

#include <dirent.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "memory.h"

struct fds {
	int *fds;
	size_t count;
};

static struct fds before, strays;

static void add(struct fds *list, int fd)
{
	list->fds = memory_resized(list->fds, (list->count + 1) * sizeof(int));
	list->fds[list->count++] = fd;
}

static bool has(const struct fds *list, int fd)
{
	for (size_t i = 0; i < list->count; i++) {
		if (list->fds[i] == fd)
			return true;
	}
	return false;
}

static struct fds open_fds(void)
{
	DIR *dir = opendir("/proc/self/fd");
	struct fds list = { 0 };
	struct dirent *entry;

	while (dir && (entry = readdir(dir))) {
		int fd = atoi(entry->d_name);

		if (entry->d_name[0] != '.' && fd != dirfd(dir))
			add(&list, fd);
	}
	if (dir)
		closedir(dir);
	return list;
}

const char *stray_kind(int fd)
{
	/* Names of anonymous inodes, kernel/bpf/syscall.c and btf.c. */
	static const char *const kinds[][2] = {
		{ "anon_inode:bpf-map", "map" },
		{ "anon_inode:bpf-prog", "program" },
		{ "anon_inode:bpf_link", "link" },
		{ "anon_inode:bpf-link", "link" },
		{ "anon_inode:btf", "btf" },
	};
	char path[64], target[64];
	ssize_t length;

	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	length = readlink(path, target, sizeof(target) - 1);
	if (length < 0)
		return NULL;
	target[length] = '\0';
	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		if (strcmp(target, kinds[i][0]) == 0)
			return kinds[i][1];
	}
	return NULL;
}

void strays_begin(void)
{
	before = open_fds();
}

void strays_end(void)
{
	struct fds now = open_fds();

	for (size_t i = 0; i < now.count; i++) {
		if (!has(&before, now.fds[i]) && stray_kind(now.fds[i]))
			add(&strays, now.fds[i]);
	}
	free(now.fds);
	free(before.fds);
	before = (struct fds){ 0 };
}

int stray_at(unsigned int index)
{
	return index < strays.count ? strays.fds[index] : -1;
}

bool stray_take(int fd)
{
	for (size_t i = 0; i < strays.count; i++) {
		if (strays.fds[i] == fd) {
			strays.count--;
			memmove(&strays.fds[i], &strays.fds[i + 1], (strays.count - i) * sizeof(int));
			return true;
		}
	}
	return false;
}

void strays_forget(void)
{
	strays.count = 0;
}
