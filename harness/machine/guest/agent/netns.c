// SPDX-License-Identifier: Apache-2.0
#define _GNU_SOURCE
#include "netns.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <unistd.h>

#include "boot.h"
#include "handle.h"

#define OWN "/proc/thread-self/ns/net"

static uint32_t current;
static int first = -1;

uint32_t netns_current(void)
{
	return current;
}

/* The namespace of the handle, or the initial one. -1 if there is no such handle. */
static int fd_of(uint32_t id)
{
	struct handle *handle;

	if (first < 0)
		first = open(OWN, O_RDONLY | O_CLOEXEC);
	if (id == 0)
		return first;
	handle = handle_find(id, HANDLE_FD);
	return handle ? handle->fd : -1;
}

int netns_enter(uint32_t id)
{
	if (id == current)
		return 0;
	if (setns(fd_of(id), CLONE_NEWNET) < 0)
		return -errno;
	current = id;
	return 0;
}

int netns_make(void)
{
	int before = open(OWN, O_RDONLY | O_CLOEXEC);
	int error = 0, made = -1;

	if (before < 0 || unshare(CLONE_NEWNET) < 0) {
		error = -errno;
	} else {
		made = open(OWN, O_RDONLY | O_CLOEXEC);
		error = made < 0 ? -errno : 0;
		boot_loopback_up();
		if (setns(before, CLONE_NEWNET) < 0)
			error = -errno;
	}
	if (before >= 0)
		close(before);
	if (error && made >= 0)
		close(made);
	return error ? error : made;
}

void netns_forget(void)
{
	if (first >= 0)
		close(first);
	first = -1;
	current = 0;
}
