/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SOURCES_H
#define SOURCES_H

#include "collect.h"
#include "text.h"

/* Descriptors for poll(); -1 with a reason in `blind` (JSON strings). */
int rtnetlink_open(struct text *blind);
/* What notifications say. */
struct notified {
	unsigned groups;
	bool lost;
	/* Of a device that was deleted; 0: none. */
	uint32_t deleted;
	/* Filters of clsact came and went. */
	bool filter_added, filter_removed;
};
struct notified rtnetlink_read(int fd);
int inotify_open(const struct watched *watched, struct text *blind);
/* Reads what is there; folders that are new are watched too. */
bool inotify_read(int fd, const struct watched *watched);
int mountinfo_open(struct text *blind);

#endif
