// SPDX-License-Identifier: Apache-2.0
#define _GNU_SOURCE
#include "identity.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <sched.h>
#include <stdio.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "boot.h"
#include "capability.h"

const char *const identity_namespaces[NAMESPACES] = { "user", "mnt", "net" };

static const int flags[NAMESPACES] = { CLONE_NEWUSER, CLONE_NEWNS, CLONE_NEWNET };

/* setns(2) refuses the process's own user namespace, and other users cannot enter the others. */
static bool same(int fd, const char *name)
{
	char path[64];
	struct stat theirs, ours;

	snprintf(path, sizeof(path), "/proc/self/ns/%s", name);
	return fstat(fd, &theirs) == 0 && stat(path, &ours) == 0 && theirs.st_dev == ours.st_dev &&
	       theirs.st_ino == ours.st_ino;
}

/* Open all before entering the first: from there the other process may be invisible. */
static int join(pid_t pid)
{
	int fds[NAMESPACES], error = 0;

	for (int i = 0; i < NAMESPACES; i++) {
		char path[64];

		snprintf(path, sizeof(path), "/proc/%d/ns/%s", (int)pid, identity_namespaces[i]);
		fds[i] = open(path, O_RDONLY | O_CLOEXEC);
		if (fds[i] < 0)
			return -errno;
	}
	for (int i = 0; i < NAMESPACES && !error; i++) {
		if (!same(fds[i], identity_namespaces[i]) && setns(fds[i], flags[i]) < 0)
			error = -errno;
	}
	for (int i = 0; i < NAMESPACES; i++)
		close(fds[i]);
	return error;
}

static int set_ids(const struct identity *identity)
{
	/* Setting up namespaces needs the capabilities that a change of user would drop. */
	uint64_t all = capability_permitted();

	if (prctl(PR_SET_KEEPCAPS, 1, 0, 0, 0) < 0 || setgroups(identity->group_count, identity->groups) < 0 ||
	    setresgid(identity->gid, identity->gid, identity->gid) < 0 ||
	    setresuid(identity->uid, identity->uid, identity->uid) < 0 || prctl(PR_SET_KEEPCAPS, 0, 0, 0, 0) < 0)
		return -errno;
	return capability_hold(all);
}

/*
 * A user namespace can be created without capabilities, and gives its creator all of them inside.
 */
static int unshare_user(int (*be_mapped)(void *context), void *context)
{
	int error = capability_hold(0);

	if (error)
		return error;
	if (unshare(CLONE_NEWUSER) < 0)
		return -errno;
	return be_mapped(context);
}

static int unshare_mnt(void)
{
	if (unshare(CLONE_NEWNS) < 0 || mount(NULL, "/", NULL, MS_REC | MS_SLAVE, NULL) < 0)
		return -errno;
	return 0;
}

static int unshare_net(void)
{
	if (unshare(CLONE_NEWNET) < 0)
		return -errno;
	boot_loopback_up();
	return 0;
}

static int settle_capabilities(const struct identity *identity)
{
	if (identity->confined)
		return capability_confine(identity->capabilities);
	if (identity->uid != 0 && !identity->join && !identity->unshare[NAMESPACE_USER])
		return capability_hold(0);
	return 0;
}

int identity_become(const struct identity *identity, int (*be_mapped)(void *context), void *context, const char **what)
{
	int error;

	*what = "set user and groups";
	error = set_ids(identity);
	if (!error && identity->join) {
		*what = "enter the namespaces of the other user";
		error = join(identity->join);
	}
	if (!error && identity->unshare[NAMESPACE_USER]) {
		*what = "create a user namespace";
		error = unshare_user(be_mapped, context);
	}
	if (!error && identity->unshare[NAMESPACE_MNT]) {
		*what = "create a mount namespace";
		error = unshare_mnt();
	}
	if (!error && identity->unshare[NAMESPACE_NET]) {
		*what = "create a network namespace";
		error = unshare_net();
	}
	if (!error) {
		*what = "set the capabilities";
		error = settle_capabilities(identity);
	}
	/* Otherwise the process's own files in /proc belong to root. */
	if (!error && prctl(PR_SET_DUMPABLE, 1, 0, 0, 0) < 0) {
		*what = "become dumpable";
		error = -errno;
	}
	return error;
}
