/* SPDX-License-Identifier: Apache-2.0 */
#ifndef COLLECT_H
#define COLLECT_H

#include "snapshot.h"

#define MAX_NAMED 64

/* What is asked for, and the ids that are the watcher's own. */
struct watched {
	uint32_t maps[MAX_NAMED];
	unsigned map_count;
	const char *pins[MAX_NAMED];
	unsigned pin_count;
	uint32_t own_programs[MAX_NAMED];
	unsigned own_program_count;
	uint32_t own_maps[MAX_NAMED];
	unsigned own_map_count;
};

/* Ids and devices that one collector finds for others. */
struct devices {
	struct device {
		uint32_t ifindex;
		char name[16];
		bool clsact;
	} *list;
	size_t count;
};

void collect_objects(struct snapshot *to, const struct watched *watched);
void collect_content(struct snapshot *to, const struct watched *watched);
void collect_pins(struct snapshot *to, const struct watched *watched);
void collect_mounts(struct snapshot *to, const struct watched *watched);
void collect_switches(struct snapshot *to);
void collect_perf_events(struct snapshot *to, const struct watched *watched);
void collect_cgroups(struct snapshot *to);
/* Devices are read for the other two. */
void collect_devices(struct snapshot *to, struct devices *devices);
void collect_tc(struct snapshot *to, struct devices *devices);
void collect_lists(struct snapshot *to, const struct devices *devices);

/* All groups asked for, sorted. */
void collect(struct snapshot *to, unsigned groups, const struct watched *watched);

/*
 * An object that the kernel's lists of ids hide: one of the watcher's own, or one of `state` that
 * can be opened by its id. NULL: none.
 */
const char *hidden_object(const struct snapshot *state, const struct watched *watched);

#endif
