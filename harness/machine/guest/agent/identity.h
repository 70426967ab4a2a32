// SPDX-License-Identifier: Apache-2.0
#ifndef BPFGATE_IDENTITY_H
#define BPFGATE_IDENTITY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

enum { NAMESPACE_USER, NAMESPACE_MNT, NAMESPACE_NET, NAMESPACES };

/* Names as in /proc/<pid>/ns. */
extern const char *const identity_namespaces[NAMESPACES];

/* Who a process is to be. Ids are those of the guest's first user namespace. */
struct identity {
	uid_t uid;
	gid_t gid;
	gid_t *groups;
	size_t group_count;
	/* A process whose namespaces to go into, or 0. */
	pid_t join;
	/* Namespaces of its own. */
	bool unshare[NAMESPACES];
	bool confined;
	/* If confined. */
	uint64_t capabilities;
};

/*
 * Makes the calling process, which has all rights and one thread, this one. `be_mapped` is called
 * once it is in a user namespace of its own, which has no ids yet: 0 when it has got them. 0, or a
 * negative errno and in `what` what was being done.
 */
int identity_become(const struct identity *identity, int (*be_mapped)(void *context), void *context, const char **what);

#endif
