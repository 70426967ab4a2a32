// SPDX-License-Identifier: Apache-2.0
/* Signals that need no BPF: each wakes the watcher. */
#define _GNU_SOURCE
#include "sources.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/pkt_sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/socket.h>
#include <unistd.h>

#include "netlink.h"

static void blinded(struct text *blind, const char *what)
{
	struct text line = { 0 };

	text_add(&line, "%s: %s", what, strerror(errno));
	text_add(blind, "%s", blind->length ? "," : "");
	text_string(blind, line.bytes);
}

int rtnetlink_open(struct text *blind)
{
	struct sockaddr_nl address = { .nl_family = AF_NETLINK, .nl_groups = RTMGRP_LINK | RTMGRP_TC };
	int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, NETLINK_ROUTE), size = 4 << 20;

	if (fd >= 0 && bind(fd, (struct sockaddr *)&address, sizeof(address)) == 0) {
		setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &size, sizeof(size));
		return fd;
	}
	blinded(blind, "rtnetlink notifications");
	return -1;
}

static void note(struct notified *notified, const struct nlmsghdr *message)
{
	const struct ifinfomsg *device = NLMSG_DATA(message);
	const struct tcmsg *tc = NLMSG_DATA(message);
	bool clsact;

	switch (message->nlmsg_type) {
	case RTM_NEWLINK:
	case RTM_DELLINK:
		notified->groups |= GROUP_DEVICES | GROUP_TC | GROUP_LISTS | GROUP_OBJECTS;
		if (message->nlmsg_type == RTM_DELLINK)
			notified->deleted = device->ifi_index;
		break;
	case RTM_NEWTFILTER:
	case RTM_DELTFILTER:
		clsact = TC_H_MAJ(tc->tcm_parent) == TC_H_MAJ(TC_H_CLSACT);
		notified->filter_added |= clsact && message->nlmsg_type == RTM_NEWTFILTER;
		notified->filter_removed |= clsact && message->nlmsg_type == RTM_DELTFILTER;
		notified->groups |= GROUP_TC;
		break;
	case RTM_NEWQDISC:
	case RTM_DELQDISC:
		notified->groups |= GROUP_TC;
		break;
	}
}

struct notified rtnetlink_read(int fd)
{
	static char buffer[1 << 16];
	struct notified notified = { 0 };
	ssize_t got;

	while ((got = recv(fd, buffer, sizeof(buffer), 0)) != 0) {
		const struct nlmsghdr *message = (const struct nlmsghdr *)buffer;

		if (got < 0 && errno != ENOBUFS)
			break;
		notified.lost |= got < 0;
		for (; got > 0 && NLMSG_OK(message, got); message = NLMSG_NEXT(message, got))
			note(&notified, message);
	}
	return notified;
}

#define CHANGES (IN_CREATE | IN_DELETE | IN_MOVE | IN_DELETE_SELF | IN_MOVE_SELF | IN_ATTRIB)

/* A folder and those below it; one that is watched already stays so. */
static int watch(int fd, const char *path, int depth)
{
	int result = inotify_add_watch(fd, path, CHANGES | IN_ONLYDIR);
	DIR *folder = result < 0 || depth == 16 ? NULL : opendir(path);
	struct dirent *entry;

	while (folder && (entry = readdir(folder))) {
		char below[512];

		if (entry->d_type == DT_DIR && strcmp(entry->d_name, ".") && strcmp(entry->d_name, "..") &&
		    (size_t)snprintf(below, sizeof(below), "%s/%s", path, entry->d_name) < sizeof(below))
			watch(fd, below, depth + 1);
	}
	if (folder)
		closedir(folder);
	return result;
}

int inotify_open(const struct watched *watched, struct text *blind)
{
	int fd = inotify_init1(IN_CLOEXEC | IN_NONBLOCK);

	if (fd < 0)
		blinded(blind, "inotify");
	for (unsigned i = 0; fd >= 0 && i < watched->pin_count; i++)
		if (watch(fd, watched->pins[i], 0) < 0)
			blinded(blind, watched->pins[i]);
	return fd;
}

bool inotify_read(int fd, const struct watched *watched)
{
	char buffer[4096] __attribute__((aligned(8)));
	bool any = false;

	while (read(fd, buffer, sizeof(buffer)) > 0)
		any = true;
	for (unsigned i = 0; any && i < watched->pin_count; i++)
		watch(fd, watched->pins[i], 0);
	return any;
}

int mountinfo_open(struct text *blind)
{
	int fd = open("/proc/self/mountinfo", O_RDONLY | O_CLOEXEC);

	if (fd < 0)
		blinded(blind, "/proc/self/mountinfo");
	return fd;
}
