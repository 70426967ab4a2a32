// SPDX-License-Identifier: Apache-2.0
/* Lists of programs that BPF_PROG_QUERY knows: tcx, netkit, network namespace, cgroups. */
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "collect.h"
#include "text.h"

#define MAX_LISTED 64
/* The tree is walked at each look at cgroups. */
#define MAX_CGROUPS 1024

static void add_numbers(struct text *value, const char *key, const uint32_t *numbers, uint32_t count)
{
	text_add(value, "\"%s\":[", key);
	for (uint32_t i = 0; i < count; i++)
		text_add(value, "%s%u", i ? "," : "", numbers[i]);
	text_add(value, "]");
}

/* Adds a list, unless nothing ever was in it or the kernel does not know it. */
static void add_list(struct snapshot *to, enum group group, const char *kind, const char *where, int target,
		     enum bpf_attach_type type)
{
	uint32_t programs[MAX_LISTED] = { 0 }, links[MAX_LISTED] = { 0 };
	LIBBPF_OPTS(bpf_prog_query_opts, query, .prog_ids = programs, .prog_cnt = MAX_LISTED);
	struct text value = { 0 };
	char full[320];

	/* The kernel refuses what it does not know: links and revisions are of lists with positions. */
	if (group == GROUP_LISTS && strcmp(kind, "netns-hook"))
		query.link_ids = links;
	if (bpf_prog_query_opts(target, type, &query) < 0)
		return;
	if (query.prog_cnt == 0 && query.revision <= 1)
		return;
	snprintf(full, sizeof(full), "%s %s", where, libbpf_bpf_attach_type_str(type) ?: "unknown");
	text_add(&value, "{");
	add_numbers(&value, "programs", programs, query.prog_cnt < MAX_LISTED ? query.prog_cnt : MAX_LISTED);
	if (query.link_ids) {
		text_add(&value, ",");
		add_numbers(&value, "links", links, query.prog_cnt < MAX_LISTED ? query.prog_cnt : MAX_LISTED);
	}
	text_add(&value, ",\"flags\":%u,\"revision\":%llu}", query.attach_flags, (unsigned long long)query.revision);
	snapshot_add(to, group, kind, full, value.bytes);
	free(value.bytes);
}

void collect_lists(struct snapshot *to, const struct devices *devices)
{
	static const enum bpf_attach_type tcx[] = { BPF_TCX_INGRESS, BPF_TCX_EGRESS };
	static const enum bpf_attach_type netkit[] = { BPF_NETKIT_PRIMARY, BPF_NETKIT_PEER };
	static const enum bpf_attach_type netns[] = { BPF_FLOW_DISSECTOR, BPF_SK_LOOKUP };
	int fd = open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC);

	for (size_t i = 0; i < devices->count; i++) {
		const struct device *device = &devices->list[i];
		char where[64];

		snprintf(where, sizeof(where), "%s (%u)", device->name, device->ifindex);
		for (int j = 0; j < 2; j++) {
			add_list(to, GROUP_LISTS, "tcx", where, device->ifindex, tcx[j]);
			add_list(to, GROUP_LISTS, "netkit", where, device->ifindex, netkit[j]);
		}
	}
	for (int j = 0; fd >= 0 && j < 2; j++)
		add_list(to, GROUP_LISTS, "netns-hook", "network namespace", fd, netns[j]);
	if (fd >= 0)
		close(fd);
}

static bool is_cgroup_type(enum bpf_attach_type type)
{
	const char *name = libbpf_bpf_attach_type_str(type);

	return name && (!strncmp(name, "cgroup_", strlen("cgroup_")) || !strcmp(name, "lsm_cgroup"));
}

static void walk(struct snapshot *to, const char *path, unsigned *left)
{
	int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *folder = fd < 0 ? NULL : fdopendir(fd);
	struct dirent *entry;

	if (!folder) {
		if (fd >= 0)
			close(fd);
		return;
	}
	for (enum bpf_attach_type type = 0; type < __MAX_BPF_ATTACH_TYPE; type++)
		if (is_cgroup_type(type))
			add_list(to, GROUP_CGROUPS, "cgroup", path, fd, type);
	while (*left && (entry = readdir(folder))) {
		char below[256];

		if (entry->d_type != DT_DIR || entry->d_name[0] == '.')
			continue;
		if ((size_t)snprintf(below, sizeof(below), "%s/%s", path, entry->d_name) >= sizeof(below))
			continue;
		--*left;
		walk(to, below, left);
	}
	closedir(folder);
}

void collect_cgroups(struct snapshot *to)
{
	char line[1024], root[256];
	FILE *mounts = fopen("/proc/self/mounts", "re");
	unsigned left = MAX_CGROUPS;

	while (mounts && fgets(line, sizeof(line), mounts)) {
		if (sscanf(line, "%*s %255s cgroup2 ", root) != 1 || !strstr(line, " cgroup2 "))
			continue;
		walk(to, root, &left);
		break;
	}
	if (mounts)
		fclose(mounts);
}
