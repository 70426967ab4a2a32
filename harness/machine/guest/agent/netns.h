// SPDX-License-Identifier: Apache-2.0
#ifndef BPFGATE_NETNS_H
#define BPFGATE_NETNS_H

#include <stdint.h>

/*
 * Network namespaces by the handles that name them, 0 being the one the agent was started in. Only
 * the thread that serves requests moves between them; threads that it starts stay where they were
 * started.
 */

/* The one that the agent is in. */
uint32_t netns_current(void);
/*
 * Moves there. 0 or a negative errno: EBADF for no such handle, EINVAL for one of something else.
 */
int netns_enter(uint32_t id);
/*
 * A new one, as a file descriptor, with its loopback device up; the agent stays where it is. Or a
 * negative errno.
 */
int netns_make(void);
/* In a process that leaves them to the agent: that in which it is, it was started in. */
void netns_forget(void);

#endif
