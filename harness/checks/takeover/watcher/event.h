/* SPDX-License-Identifier: Apache-2.0 */
#ifndef EVENT_H
#define EVENT_H

/* What the BPF part tells. Included by both sides. */
enum {
	EVENT_COMMAND,		/* a bpf() command that succeeded */
	EVENT_RTNETLINK,	/* a request that comes before notifications */
	EVENT_WAKE,		/* look again */
	EVENT_SOCKET_FILTER,	/* a socket's filter is attached or detached */
	EVENT_REUSEPORT,	/* the program of a reuseport group is replaced */
	EVENT_CGROUP_MOVE,	/* a process is moved to another cgroup */
	EVENT_DESCRIPTOR_TAKEN, /* pidfd_getfd() */
	EVENT_PROGRAM_PUT,	/* a program is let go: perhaps by a perf event */
};

enum { COUNT_OWN, COUNT_LOST };

struct event {
	unsigned long long time_ns;
	unsigned int what;
	unsigned int command;
	long long ret;
	unsigned int pid;
	unsigned int uid;
	unsigned long long cgroup;
	char comm[16];
};

#endif
