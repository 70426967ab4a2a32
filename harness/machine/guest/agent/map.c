// SPDX-License-Identifier: Apache-2.0
#include "map.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <unistd.h>

static enum map_kind kind_of(const struct bpf_map_info *info)
{
	switch (info->type) {
	case BPF_MAP_TYPE_ARRAY:
	case BPF_MAP_TYPE_PERCPU_ARRAY:
	case BPF_MAP_TYPE_ARRAY_OF_MAPS:
	case BPF_MAP_TYPE_PROG_ARRAY:
	case BPF_MAP_TYPE_DEVMAP:
	case BPF_MAP_TYPE_CPUMAP:
		return KIND_INDEXED;
	case BPF_MAP_TYPE_HASH:
	case BPF_MAP_TYPE_PERCPU_HASH:
	case BPF_MAP_TYPE_LRU_HASH:
	case BPF_MAP_TYPE_LRU_PERCPU_HASH:
	case BPF_MAP_TYPE_LPM_TRIE:
	case BPF_MAP_TYPE_HASH_OF_MAPS:
	case BPF_MAP_TYPE_DEVMAP_HASH:
		return KIND_KEYED;
	/*
	 * A socket reads as its cookie if the value has room for one (sock_map_lookup_sys,
	 * net/core/sock_map.c).
	 */
	case BPF_MAP_TYPE_SOCKMAP:
		return info->value_size == 8 ? KIND_INDEXED : KIND_OPAQUE;
	case BPF_MAP_TYPE_SOCKHASH:
		return info->value_size == 8 ? KIND_KEYED : KIND_OPAQUE;
	case BPF_MAP_TYPE_QUEUE:
		return KIND_QUEUE;
	case BPF_MAP_TYPE_STACK:
		return KIND_STACK;
	case BPF_MAP_TYPE_RINGBUF:
		return KIND_RING;
	case BPF_MAP_TYPE_PERF_EVENT_ARRAY:
		return KIND_PERF;
	default:
		return KIND_OPAQUE;
	}
}

static bool is_per_cpu(uint32_t type)
{
	return type == BPF_MAP_TYPE_PERCPU_ARRAY || type == BPF_MAP_TYPE_PERCPU_HASH ||
	       type == BPF_MAP_TYPE_LRU_PERCPU_HASH;
}

int map_describe(struct map *map, int fd)
{
	struct bpf_map_info info = { 0 };
	uint32_t length = sizeof(info);
	int error = bpf_map_get_info_by_fd(fd, &info, &length);
	bool per_cpu;

	if (error)
		return error;
	per_cpu = is_per_cpu(info.type);
	*map = (struct map){
		.fd = fd,
		.kind = kind_of(&info),
		.type = info.type,
		.flags = info.map_flags,
		.key_size = info.key_size,
		.max_entries = info.max_entries,
		.declared_value_size = info.value_size,
		.value_size = per_cpu ? (info.value_size + 7) / 8 * 8 : info.value_size,
		.cpus = per_cpu ? libbpf_num_possible_cpus() : 1,
		.holds_fds = info.type == BPF_MAP_TYPE_PROG_ARRAY || info.type == BPF_MAP_TYPE_ARRAY_OF_MAPS ||
			     info.type == BPF_MAP_TYPE_HASH_OF_MAPS,
	};
	/* Batches of a map of maps stop at an empty slot. */
	map->batches = !map->holds_fds;
	return 0;
}

int map_put(const struct map *map, const void *key, const void *value, uint64_t flags)
{
	uint32_t id;
	int fd, error;

	if (!map->holds_fds)
		return bpf_map_update_elem(map->fd, key, value, flags);
	id = *(const uint32_t *)value;
	fd = map->type == BPF_MAP_TYPE_PROG_ARRAY ? bpf_prog_get_fd_by_id(id) : bpf_map_get_fd_by_id(id);
	if (fd < 0)
		return fd;
	error = bpf_map_update_elem(map->fd, key, &fd, flags);
	close(fd);
	return error;
}
