// SPDX-License-Identifier: Apache-2.0
#ifndef BPFGATE_MAP_H
#define BPFGATE_MAP_H

#include <stdbool.h>
#include <stdint.h>

/* How user space reaches the entries of a map. */
enum map_kind {
	/* Keys are 0 to max_entries - 1; a slot may be empty. */
	KIND_INDEXED,
	KIND_KEYED,
	KIND_QUEUE,
	KIND_STACK,
	KIND_RING,
	KIND_PERF,
	/* Cannot be listed or written: local storage, struct_ops, arenas, bloom filters ... */
	KIND_OPAQUE,
};

struct map {
	int fd;
	enum map_kind kind;
	uint32_t type;
	uint32_t flags;
	uint32_t key_size;
	uint32_t max_entries;
	/* As declared in the object. */
	uint32_t declared_value_size;
	/* The same, for per-CPU values rounded up to 8: the size of one value within an entry. */
	uint32_t value_size;
	/* Number of values in an entry: 1, or one for each possible CPU. */
	uint32_t cpus;
	/* Written as file descriptors of maps or programs, read as their ids. */
	bool holds_fds;
	/* The kernel has not refused BPF_MAP_LOOKUP_BATCH yet. */
	bool batches;
};

/* Reads the shape of map `fd` from the kernel. 0 or a negative errno. */
int map_describe(struct map *map, int fd);

static inline uint32_t map_value_bytes(const struct map *map)
{
	return map->value_size * map->cpus;
}

/* BPF_MAP_UPDATE_ELEM with a value in the form in which it is read. 0 or a negative errno. */
int map_put(const struct map *map, const void *key, const void *value, uint64_t flags);

#endif
