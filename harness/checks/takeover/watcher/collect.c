// SPDX-License-Identifier: Apache-2.0
#include "collect.h"

#include <stdlib.h>

void collect(struct snapshot *to, unsigned groups, const struct watched *watched)
{
	struct devices devices = { 0 };
	struct snapshot unwanted = { 0 };

	if (groups & GROUP_OBJECTS)
		collect_objects(to, watched);
	if (groups & GROUP_CONTENT)
		collect_content(to, watched);
	if (groups & (GROUP_DEVICES | GROUP_TC | GROUP_LISTS))
		collect_devices(groups & GROUP_DEVICES ? to : &unwanted, &devices);
	if (groups & GROUP_TC)
		collect_tc(to, &devices);
	if (groups & GROUP_LISTS)
		collect_lists(to, &devices);
	if (groups & GROUP_CGROUPS)
		collect_cgroups(to);
	if (groups & GROUP_PINS)
		collect_pins(to, watched);
	if (groups & GROUP_MOUNTS)
		collect_mounts(to, watched);
	if (groups & GROUP_SWITCHES)
		collect_switches(to);
	if (groups & GROUP_PERF)
		collect_perf_events(to, watched);
	snapshot_sort(to);
	snapshot_free(&unwanted);
	free(devices.list);
}
