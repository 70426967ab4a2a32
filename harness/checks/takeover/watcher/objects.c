// SPDX-License-Identifier: Apache-2.0
/* Links, programs and maps, by the kernel's lists of ids. */
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "collect.h"
#include "text.h"

static bool among(const uint32_t *ids, unsigned count, uint32_t id)
{
	for (unsigned i = 0; i < count; i++)
		if (ids[i] == id)
			return true;
	return false;
}

/* A field of /proc/self/fdinfo; -1 when there is none. */
static long fdinfo(int fd, const char *field)
{
	char path[64], line[256];
	size_t length = strlen(field);
	long value = -1;
	FILE *file;

	snprintf(path, sizeof(path), "/proc/self/fdinfo/%d", fd);
	file = fopen(path, "re");
	while (file && fgets(line, sizeof(line), file))
		if (!strncmp(line, field, length) && line[length] == ':')
			value = strtol(line + length + 1, NULL, 0);
	if (file)
		fclose(file);
	return value;
}

static void add(struct snapshot *to, const char *kind, uint32_t id, struct text *value)
{
	char where[48];

	snprintf(where, sizeof(where), "%s %u", kind, id);
	text_add(value, "}");
	snapshot_add(to, GROUP_OBJECTS, kind, where, value->bytes);
	free(value->bytes);
}

static void add_program(struct snapshot *to, uint32_t id, int fd)
{
	struct bpf_prog_info info = { 0 };
	uint32_t size = sizeof(info);
	struct text value = { 0 };

	if (bpf_prog_get_info_by_fd(fd, &info, &size) < 0)
		return;
	text_add(&value, "{\"id\":%u,\"type\":", id);
	text_string(&value, libbpf_bpf_prog_type_str(info.type) ?: "unknown");
	text_add(&value, ",\"name\":");
	text_string(&value, info.name);
	text_add(&value, ",\"tag\":\"");
	for (int i = 0; i < BPF_TAG_SIZE; i++)
		text_add(&value, "%02x", info.tag[i]);
	text_add(&value, "\"");
	add(to, "program", id, &value);
}

/*
 * Of struct bpf_struct_ops_common_value, with which the value begins: 1 while it is registered
 * without a link (BPF_STRUCT_OPS_STATE_INUSE). -1: unknown.
 */
static int struct_ops_state(int fd, uint32_t size)
{
	uint32_t key = 0, *value = checked(calloc(1, size < 8 ? 8 : size));
	int state = bpf_map_lookup_elem(fd, &key, value) < 0 ? -1 : (int)value[1];

	free(value);
	return state;
}

static void add_map(struct snapshot *to, uint32_t id, int fd)
{
	struct bpf_map_info info = { 0 };
	uint32_t size = sizeof(info);
	struct text value = { 0 };

	if (bpf_map_get_info_by_fd(fd, &info, &size) < 0)
		return;
	text_add(&value, "{\"id\":%u,\"type\":", id);
	text_string(&value, libbpf_bpf_map_type_str(info.type) ?: "unknown");
	text_add(&value, ",\"name\":");
	text_string(&value, info.name);
	text_add(&value, ",\"frozen\":%s", fdinfo(fd, "frozen") == 1 ? "true" : "false");
	if (info.type == BPF_MAP_TYPE_STRUCT_OPS)
		text_add(&value, ",\"state\":%d", struct_ops_state(fd, info.value_size));
	add(to, "map", id, &value);
}

static void add_link(struct snapshot *to, const struct watched *watched, uint32_t id, int fd)
{
	struct bpf_link_info info = { 0 };
	uint32_t size = sizeof(info);
	struct text value = { 0 };

	if (bpf_link_get_info_by_fd(fd, &info, &size) < 0)
		return;
	if (among(watched->own_programs, watched->own_program_count, info.prog_id))
		return;
	text_add(&value, "{\"id\":%u,\"type\":", id);
	text_string(&value, libbpf_bpf_link_type_str(info.type) ?: "unknown");
	text_add(&value, ",\"program\":%u", info.prog_id);
	switch (info.type) {
	case BPF_LINK_TYPE_XDP:
		text_add(&value, ",\"ifindex\":%u", info.xdp.ifindex);
		break;
	case BPF_LINK_TYPE_TCX:
	case BPF_LINK_TYPE_NETKIT:
		text_add(&value, ",\"ifindex\":%u,\"attach_type\":%u", info.tcx.ifindex, info.tcx.attach_type);
		break;
	case BPF_LINK_TYPE_CGROUP:
		text_add(&value, ",\"cgroup\":%llu,\"attach_type\":%u", (unsigned long long)info.cgroup.cgroup_id,
			 info.cgroup.attach_type);
		break;
	case BPF_LINK_TYPE_NETNS:
		text_add(&value, ",\"netns\":%u,\"attach_type\":%u", info.netns.netns_ino, info.netns.attach_type);
		break;
	case BPF_LINK_TYPE_TRACING:
		text_add(&value, ",\"attach_type\":%u,\"target_obj\":%u,\"target_btf\":%u", info.tracing.attach_type,
			 info.tracing.target_obj_id, info.tracing.target_btf_id);
		break;
	case BPF_LINK_TYPE_NETFILTER:
		text_add(&value, ",\"pf\":%u,\"hook\":%u,\"priority\":%d", info.netfilter.pf, info.netfilter.hooknum,
			 info.netfilter.priority);
		break;
	case BPF_LINK_TYPE_STRUCT_OPS:
		text_add(&value, ",\"map\":%u", info.struct_ops.map_id);
		break;
	default:
		break;
	}
	add(to, "link", id, &value);
}

void collect_objects(struct snapshot *to, const struct watched *watched)
{
	uint32_t id = 0;
	int fd;

	while (!bpf_prog_get_next_id(id, &id)) {
		if (among(watched->own_programs, watched->own_program_count, id) || (fd = bpf_prog_get_fd_by_id(id)) < 0)
			continue;
		add_program(to, id, fd);
		close(fd);
	}
	id = 0;
	while (!bpf_map_get_next_id(id, &id)) {
		if (among(watched->own_maps, watched->own_map_count, id) || (fd = bpf_map_get_fd_by_id(id)) < 0)
			continue;
		add_map(to, id, fd);
		close(fd);
	}
	id = 0;
	while (!bpf_link_get_next_id(id, &id)) {
		if ((fd = bpf_link_get_fd_by_id(id)) < 0)
			continue;
		add_link(to, watched, id, fd);
		close(fd);
	}
}

/* Whether a list of ids has an id. */
static bool listed(int (*next)(uint32_t, uint32_t *), uint32_t wanted)
{
	uint32_t id = wanted - 1;

	return !next(id, &id) && id == wanted;
}

static bool hidden(int (*next)(uint32_t, uint32_t *), int (*open)(uint32_t), uint32_t id)
{
	int fd = open(id);
	bool found;

	if (fd < 0)
		return false;
	/* Held, so it cannot go away in between. */
	found = listed(next, id);
	close(fd);
	return !found;
}

const char *hidden_object(const struct snapshot *state, const struct watched *watched)
{
	static char which[64];

	for (unsigned i = 0; i < watched->own_program_count; i++) {
		snprintf(which, sizeof(which), "program %u", watched->own_programs[i]);
		if (!listed(bpf_prog_get_next_id, watched->own_programs[i]))
			return which;
	}
	for (unsigned i = 0; i < watched->own_map_count; i++) {
		snprintf(which, sizeof(which), "map %u", watched->own_maps[i]);
		if (!listed(bpf_map_get_next_id, watched->own_maps[i]))
			return which;
	}
	for (size_t i = 0; i < state->count; i++) {
		const struct record *record = &state->records[i];
		uint32_t id = record->group == GROUP_OBJECTS ? strtoul(strchr(record->where, ' '), NULL, 10) : 0;
		bool program = !strcmp(record->kind, "program"), map = !strcmp(record->kind, "map");

		if (!id)
			continue;
		snprintf(which, sizeof(which), "%s", record->where);
		if (program	? hidden(bpf_prog_get_next_id, bpf_prog_get_fd_by_id, id)
		    : map	? hidden(bpf_map_get_next_id, bpf_map_get_fd_by_id, id)
				: hidden(bpf_link_get_next_id, bpf_link_get_fd_by_id, id))
			return which;
	}
	return NULL;
}
