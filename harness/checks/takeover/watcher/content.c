// SPDX-License-Identifier: Apache-2.0
/* Elements of the maps of --map, as a hash: FNV-1a over keys and values in the kernel's order. */
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "collect.h"
#include "text.h"

static uint64_t fold(uint64_t hash, const uint8_t *bytes, size_t size)
{
	for (size_t i = 0; i < size; i++)
		hash = (hash ^ bytes[i]) * 0x100000001b3;
	return hash;
}

static bool per_cpu(uint32_t type)
{
	return type == BPF_MAP_TYPE_PERCPU_HASH || type == BPF_MAP_TYPE_PERCPU_ARRAY ||
	       type == BPF_MAP_TYPE_LRU_PERCPU_HASH || type == BPF_MAP_TYPE_PERCPU_CGROUP_STORAGE;
}

static void add_content(struct snapshot *to, uint32_t id, int fd, const struct bpf_map_info *info)
{
	int cpus = libbpf_num_possible_cpus();
	size_t size = per_cpu(info->type) ? (size_t)((info->value_size + 7) & ~7u) * (cpus > 0 ? cpus : 1)
					  : info->value_size;
	uint8_t *key = checked(calloc(1, info->key_size + 8)), *next = checked(calloc(1, info->key_size + 8));
	uint8_t *value = checked(calloc(1, size + 8));
	uint64_t elements = 0, hash = 0xcbf29ce484222325;
	struct text line = { 0 };
	char where[32];

	/* Keys that go away while this reads would start it again: bounded by the map's size. */
	for (uint32_t i = 0; i < info->max_entries && !bpf_map_get_next_key(fd, i ? key : NULL, next); i++) {
		uint8_t *swap = key;

		key = next;
		next = swap;
		if (bpf_map_lookup_elem(fd, key, value) < 0)
			continue;
		elements++;
		/* The order of a hash map says nothing, but it does not change by itself. */
		hash = fold(fold(hash, key, info->key_size), value, size);
	}
	snprintf(where, sizeof(where), "map %u", id);
	text_add(&line, "{\"elements\":%llu,\"hash\":\"%016llx\"}", (unsigned long long)elements, (unsigned long long)hash);
	snapshot_add(to, GROUP_CONTENT, "map-content", where, line.bytes);
	free(line.bytes);
	free(key);
	free(next);
	free(value);
}

void collect_content(struct snapshot *to, const struct watched *watched)
{
	for (unsigned i = 0; i < watched->map_count; i++) {
		int fd = bpf_map_get_fd_by_id(watched->maps[i]);
		struct bpf_map_info info = { 0 };
		uint32_t size = sizeof(info);

		if (fd < 0)
			continue;
		if (!bpf_map_get_info_by_fd(fd, &info, &size))
			add_content(to, watched->maps[i], fd, &info);
		close(fd);
	}
}
