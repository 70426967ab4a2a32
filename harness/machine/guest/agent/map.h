// SPDX-License-Identifier: Apache-2.0
#ifndef BPFGATE_MAP_H
#define BPFGATE_MAP_H

#include <stdbool.h>
#include <stdint.h>

/* How the entries of a map are reached from user space. */
enum map_kind {
	/* Keys are 0 up to max_entries; a slot may be empty. */
	KIND_INDEXED,
	KIND_KEYED,
	KIND_QUEUE,
	KIND_STACK,
	KIND_RING,
	KIND_PERF,
	/*
	 * Not to be listed or not to be written: local storage, struct_ops, arenas, bloom filters ...
	 */
	KIND_OPAQUE,
};

struct map {
	int fd;
	enum map_kind kind;
	uint32_t type;
	uint32_t flags;
	uint32_t key_size;
	uint32_t max_entries;
	/* As the object declares it. */
	uint32_t declared_value_size;
	/*
	 * The same, rounded up to 8 when there is one value for each CPU: so much of it lies in an
	 * entry.
	 */
	uint32_t value_size;
	/* Values that an entry has: 1, or one for each possible CPU. */
	uint32_t cpus;
	/* Written as file descriptors of maps or programs, read as their ids. */
	bool holds_fds;
	/* BPF_MAP_LOOKUP_BATCH has not been refused yet. */
	bool batches;
};

/* Asks the kernel what map `fd` is. 0 or a negative errno. */
int map_describe(struct map *map, int fd);

static inline uint32_t map_value_bytes(const struct map *map)
{
	return map->value_size * map->cpus;
}

/* BPF_MAP_UPDATE_ELEM with a value as reading gives it. 0 or a negative errno. */
int map_put(const struct map *map, const void *key, const void *value, uint64_t flags);

#endif
