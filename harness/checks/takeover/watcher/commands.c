// SPDX-License-Identifier: Apache-2.0
#include "commands.h"

#include <linux/bpf.h>
#include <stddef.h>

#include "snapshot.h"

const char *command_name(unsigned command)
{
	switch (command) {
	case BPF_PROG_ATTACH:
		return "BPF_PROG_ATTACH";
	case BPF_PROG_DETACH:
		return "BPF_PROG_DETACH";
	case BPF_LINK_CREATE:
		return "BPF_LINK_CREATE";
	case BPF_LINK_UPDATE:
		return "BPF_LINK_UPDATE";
	case BPF_LINK_DETACH:
		return "BPF_LINK_DETACH";
	case BPF_MAP_FREEZE:
		return "BPF_MAP_FREEZE";
	}
	return NULL;
}

unsigned groups_of(unsigned command)
{
	switch (command) {
	case BPF_OBJ_PIN:
		return GROUP_PINS;
	case BPF_MAP_CREATE:
	case BPF_PROG_LOAD:
	case BPF_MAP_FREEZE:
	case BPF_RAW_TRACEPOINT_OPEN:
	case BPF_PROG_BIND_MAP:
		return GROUP_OBJECTS;
	case BPF_PROG_ATTACH:
	case BPF_PROG_DETACH:
		return GROUP_LISTS | GROUP_CGROUPS;
	case BPF_LINK_CREATE:
	case BPF_LINK_UPDATE:
	case BPF_LINK_DETACH:
		return GROUP_OBJECTS | GROUP_DEVICES | GROUP_LISTS | GROUP_CGROUPS;
	}
	return GROUP_CONTENT;
}
