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

/* The identity of a process. Ids are those of the guest's initial user namespace. */
struct identity {
	uid_t uid;
	gid_t gid;
	gid_t *groups;
	size_t group_count;
	/* A process whose namespaces to enter, or 0. */
	pid_t join;
	/* Namespaces to create. */
	bool unshare[NAMESPACES];
	bool confined;
	/* Only if `confined`. */
	uint64_t capabilities;
};

/*
 * Gives the calling process, which must have all capabilities and one thread, this identity.
 * `be_mapped` is called when it is in a new user namespace without mappings, and returns 0 once
 * they are set. 0, or a negative errno with the failed step in `what`.
 */
int identity_become(const struct identity *identity, int (*be_mapped)(void *context), void *context, const char **what);

#endif
