// SPDX-License-Identifier: Apache-2.0
#define _GNU_SOURCE
#include "mntns.h"

#include <errno.h>
#include <pthread.h>
#include <sched.h>

#include "handle.h"

struct deed {
	int fd;
	int (*act)(void *context);
	void *context;
	int error;
};

static void *act_there(void *argument)
{
	struct deed *deed = argument;

	if (unshare(CLONE_FS) < 0 || setns(deed->fd, CLONE_NEWNS) < 0)
		deed->error = -errno;
	else
		deed->error = deed->act(deed->context);
	return NULL;
}

/* In a separate thread: a thread that shares its working folder cannot enter a mount namespace. */
int mntns_do(struct args *args, int (*act)(void *context), void *context)
{
	struct deed deed = { .act = act, .context = context };
	struct handle *handle;
	pthread_t thread;
	int error;

	if (!args_has(args, "mntns"))
		return act(context);
	handle = handle_find(args_uint(args, "mntns", UINT32_MAX), HANDLE_FD);
	if (!handle)
		return -EBADF;
	deed.fd = handle->fd;
	error = pthread_create(&thread, NULL, act_there, &deed);
	if (error)
		return -error;
	pthread_join(thread, NULL);
	return deed.error;
}
