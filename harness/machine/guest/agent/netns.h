// SPDX-License-Identifier: Apache-2.0
#ifndef BPFGATE_NETNS_H
#define BPFGATE_NETNS_H

#include <stdint.h>

/*
 * Network namespaces by handle; 0 is the one in which the agent was started. Only the thread that
 * serves requests changes namespace; a thread stays where it was started.
 */

/* The namespace that the agent is in. */
uint32_t netns_current(void);
/*
 * Enters a namespace. 0 or a negative errno: EBADF if there is no such handle, EINVAL if it is not
 * a namespace.
 */
int netns_enter(uint32_t id);
/*
 * Creates a namespace with its loopback device up; the agent stays where it is. A file descriptor
 * or a negative errno.
 */
int netns_make(void);
/* For a new process: its initial namespace is the current one. */
void netns_forget(void);

#endif
