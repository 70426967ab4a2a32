// SPDX-License-Identifier: Apache-2.0
#include "kept_map.h"

#include <bpf/bpf.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "content.h"
#include "map_batch.h"
#include "memory.h"

#define MAX_BYTES (32u << 20)

struct kept_map {
	struct map map;
	struct content before;
	struct content now;
	/* What changes are compared with instead of `before`, when `has_begun`. */
	struct content begun;
	bool has_begun;
	/* `now` is the map's current content: no program has run and no entry was written since. */
	bool is_current;
	/* For an mmapable array (BPF_F_MMAPABLE), which can be compared without a system call. */
	void *view;
	bool view_is_writable;
	size_t view_size;
	void *view_before;
	void *view_begun;
	/* For a map of maps; each inner map is kept alive under its id by a file descriptor. */
	struct kept_map **inner;
	uint32_t inner_count;
};

static bool map_view(struct kept_map *kept)
{
	const struct map *map = &kept->map;
	size_t size = (map->value_size + (size_t)7) / 8 * 8 * map->max_entries;

	if (map->type != BPF_MAP_TYPE_ARRAY || !(map->flags & BPF_F_MMAPABLE) || size > MAX_BYTES)
		return false;
	kept->view_is_writable = true;
	kept->view = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, map->fd, 0);
	/* A frozen map can only be mapped for reading. */
	if (kept->view == MAP_FAILED) {
		kept->view_is_writable = false;
		kept->view = mmap(NULL, size, PROT_READ, MAP_SHARED, map->fd, 0);
	}
	if (kept->view == MAP_FAILED) {
		kept->view = NULL;
		return false;
	}
	kept->view_size = size;
	kept->view_before = memory_copy(kept->view, size);
	return true;
}

/* False if an inner map could not be stored. */
static bool take_inner(struct kept_map *kept)
{
	const uint32_t *ids = (const uint32_t *)kept->before.values;

	kept->inner = memory_zeroed(kept->before.count * sizeof(struct kept_map *));
	for (uint32_t i = 0; i < kept->before.count; i++) {
		int fd = bpf_map_get_fd_by_id(ids[i]);
		struct kept_map *inner = fd < 0 ? NULL : kept_map_take(fd);

		if (!inner) {
			if (fd >= 0)
				close(fd);
			return false;
		}
		kept->inner[kept->inner_count++] = inner;
	}
	return true;
}

struct kept_map *kept_map_take(int fd)
{
	struct kept_map *kept = memory_zeroed(sizeof(*kept));
	bool taken = map_describe(&kept->map, fd) == 0;

	if (taken && !map_view(kept)) {
		uint32_t most = content_fitting(&kept->map, MAX_BYTES);

		taken = content_read(&kept->before, &kept->map, most) == 0 && !kept->before.truncated;
		if (taken && kept->map.holds_fds && kept->map.type != BPF_MAP_TYPE_PROG_ARRAY)
			taken = take_inner(kept);
	}
	if (taken)
		return kept;
	kept_map_free(kept);
	return NULL;
}

static bool restore_view(struct kept_map *kept)
{
	if (memcmp(kept->view, kept->view_before, kept->view_size) == 0)
		return true;
	if (!kept->view_is_writable)
		return false;
	memcpy(kept->view, kept->view_before, kept->view_size);
	return memcmp(kept->view, kept->view_before, kept->view_size) == 0;
}

static bool restore_queue(struct kept_map *kept)
{
	uint32_t most = kept->map.max_entries;

	return content_pop(&kept->now, &kept->map) == 0 && content_push(&kept->before, &kept->map) == 0 &&
	       content_read(&kept->now, &kept->map, most) == 0 &&
	       content_equal(&kept->now, &kept->before, &kept->map);
}

static bool has_same_keys(const struct kept_map *kept)
{
	const struct content *before = &kept->before, *now = &kept->now;

	return before->count == now->count &&
	       (now->count == 0 || memcmp(before->keys, now->keys, (size_t)now->count * kept->map.key_size) == 0);
}

/* Writes the values that differ. False if one still differs afterwards. */
static bool rewrite_values(struct kept_map *kept)
{
	uint32_t value_bytes = map_value_bytes(&kept->map);
	uint8_t *written = memory_zeroed(value_bytes);
	bool equal = true;

	for (uint32_t i = 0; equal && i < kept->before.count; i++) {
		const uint8_t *key = kept->before.keys + (size_t)i * kept->map.key_size;
		const uint8_t *value = kept->before.values + (size_t)i * value_bytes;

		if (memcmp(value, kept->now.values + (size_t)i * value_bytes, value_bytes) == 0)
			continue;
		map_put(&kept->map, key, value, BPF_ANY);
		equal = bpf_map_lookup_elem(kept->map.fd, key, written) == 0 && memcmp(value, written, value_bytes) == 0;
	}
	free(written);
	return equal;
}

/* Writes the entries that differ; if the keys differ, deletes all and writes all. */
static void rewrite(struct kept_map *kept)
{
	const struct content *before = &kept->before, *now = &kept->now;
	uint32_t key_size = kept->map.key_size, value_bytes = map_value_bytes(&kept->map);
	bool same_keys = has_same_keys(kept);

	if (!same_keys) {
		int error;

		map_delete_all(&kept->map, now->keys, now->count);
		map_put_all(&kept->map, before->keys, before->values, before->count, &error);
		return;
	}
	for (uint32_t i = 0; i < before->count; i++) {
		const uint8_t *value = before->values + (size_t)i * value_bytes;

		if (memcmp(value, now->values + (size_t)i * value_bytes, value_bytes) != 0)
			map_put(&kept->map, before->keys + (size_t)i * key_size, value, BPF_ANY);
	}
}

static bool read_again(struct kept_map *kept)
{
	/*
	 * The map may have grown beyond what a snapshot stores: all its keys must be known to delete
	 * them.
	 */
	return content_read(&kept->now, &kept->map, content_fitting(&kept->map, 2 * MAX_BYTES)) == 0;
}

static bool restore_entries(struct kept_map *kept)
{
	if (!kept->is_current && !read_again(kept))
		return false;
	kept->is_current = false;
	if (content_equal(&kept->now, &kept->before, &kept->map))
		return true;
	/*
	 * Writing a slot of an array leaves the others unchanged (an LRU hash may evict), so a large
	 * array is not read twice.
	 */
	if (kept->map.kind == KIND_INDEXED && has_same_keys(kept))
		return rewrite_values(kept);
	rewrite(kept);
	if (!read_again(kept) || !content_equal(&kept->now, &kept->before, &kept->map))
		return false;
	/*
	 * Keep the current order: next time nothing needs sorting, and only changed values need
	 * writing.
	 */
	struct content order = kept->now;
	kept->now = kept->before;
	kept->before = order;
	return true;
}

const struct map *kept_map_shape(const struct kept_map *kept)
{
	return &kept->map;
}

void kept_map_touched(struct kept_map *kept)
{
	kept->is_current = false;
}

static void changes_of_view(const struct kept_map *kept, content_change_fn *change, void *context)
{
	size_t stride = (kept->map.value_size + (size_t)7) / 8 * 8;
	const uint8_t *before = kept->has_begun ? kept->view_begun : kept->view_before, *now = kept->view;

	if (memcmp(before, now, kept->view_size) == 0)
		return;
	for (uint32_t index = 0; index < kept->map.max_entries; index++) {
		size_t at = index * stride;

		if (memcmp(before + at, now + at, kept->map.value_size) != 0)
			change(context, &index, now + at);
	}
}

int kept_map_changes(struct kept_map *kept, content_change_fn *change, void *context)
{
	if (kept->view) {
		changes_of_view(kept, change, context);
		return 0;
	}
	if (kept->map.kind != KIND_INDEXED && kept->map.kind != KIND_KEYED)
		return -EOPNOTSUPP;
	if (!read_again(kept))
		return -EIO;
	if (kept->now.truncated)
		return -E2BIG;
	kept->is_current = true;
	content_changes(kept->has_begun ? &kept->begun : &kept->before, &kept->now, &kept->map, change, context);
	return 0;
}

void kept_map_begin(struct kept_map *kept)
{
	struct content spare = kept->begun;

	kept->has_begun = true;
	if (kept->view) {
		free(kept->view_begun);
		kept->view_begun = memory_copy(kept->view, kept->view_size);
		return;
	}
	kept->begun = kept->now;
	kept->now = spare;
	kept->is_current = false;
}

bool kept_map_restore(struct kept_map *kept)
{
	bool equal = kept->view ? restore_view(kept) :
		     kept->map.kind == KIND_QUEUE || kept->map.kind == KIND_STACK ? restore_queue(kept) :
										  restore_entries(kept);

	kept->has_begun = false;
	for (uint32_t i = 0; i < kept->inner_count; i++)
		equal = kept_map_restore(kept->inner[i]) && equal;
	return equal;
}

void kept_map_free(struct kept_map *kept)
{
	if (!kept)
		return;
	for (uint32_t i = 0; i < kept->inner_count; i++) {
		int fd = kept->inner[i]->map.fd;

		kept_map_free(kept->inner[i]);
		close(fd);
	}
	free(kept->inner);
	if (kept->view)
		munmap(kept->view, kept->view_size);
	free(kept->view_before);
	free(kept->view_begun);
	content_free(&kept->before);
	content_free(&kept->now);
	content_free(&kept->begun);
	free(kept);
}
