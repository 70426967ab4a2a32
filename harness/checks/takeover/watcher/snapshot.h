/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SNAPSHOT_H
#define SNAPSHOT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* What is read together. */
enum group {
	GROUP_OBJECTS = 1 << 0,	 /* links, programs, maps */
	GROUP_CONTENT = 1 << 1,	 /* elements of the maps of --map */
	GROUP_DEVICES = 1 << 2,	 /* devices and their XDP programs */
	GROUP_TC = 1 << 3,	 /* clsact and its filters */
	GROUP_LISTS = 1 << 4,	 /* tcx, netkit, and the network namespace's programs */
	GROUP_CGROUPS = 1 << 5,
	GROUP_PINS = 1 << 6,
	GROUP_MOUNTS = 1 << 7,
	GROUP_SWITCHES = 1 << 8, /* ftrace, kprobes, sched_ext */
	GROUP_PERF = 1 << 9,	 /* perf events of all processes: it takes long */
	GROUP_ALL = (1 << 10) - 1,
};

/* One thing that is there: `where` is unique in its kind, `value` is a JSON object. */
struct record {
	enum group group;
	const char *kind;
	char *where;
	char *value;
};

struct snapshot {
	struct record *records;
	size_t count;
	size_t room;
};

/* Adds a record; `where` and `value` are copied, `kind` is a constant. */
void snapshot_add(struct snapshot *snapshot, enum group group, const char *kind, const char *where, const char *value);
void snapshot_sort(struct snapshot *snapshot);
void snapshot_free(struct snapshot *snapshot);

/* Called for each difference; `before` or `after` is NULL where the thing was not there. */
typedef void difference_fn(const struct record *before, const struct record *after, void *context);

/*
 * Replaces the groups of `state` by those of `fresh`, which is emptied. Both are sorted. Returns
 * the number of differences.
 */
size_t snapshot_replace(struct snapshot *state, struct snapshot *fresh, unsigned groups, difference_fn *tell, void *context);

#endif
