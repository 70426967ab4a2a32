// SPDX-License-Identifier: Apache-2.0
#include "snapshot.h"

#include <bpf/bpf.h>
#include <stdlib.h>

#include "kept_map.h"
#include "map.h"
#include "memory.h"
#include "special_fields.h"
#include "watch.h"

struct element {
	const struct bpf_map *map;
	enum snapshot_how how;
	struct kept_map *kept;
};

struct snapshot {
	/* After the last restore a map still differed. */
	bool spoilt;
	size_t count;
	struct element elements[];
};

static enum snapshot_how take(struct object *object, const struct bpf_map *map, struct kept_map **kept)
{
	struct map described;
	int fd = bpf_map__fd(map);

	if (fd < 0 || map_describe(&described, fd) ||
	    has_special_fields(bpf_object__btf(object->bpf), bpf_map__btf_value_type_id(map)))
		return SNAPSHOT_UNSUPPORTED;
	/* A perf event array delivers nothing before it is watched. */
	if (described.kind == KIND_PERF)
		return SNAPSHOT_DRAINED;
	if (described.kind == KIND_RING)
		return watch_begin(object, map, 0) || !watch_discard(watch_find(object, map)) ? SNAPSHOT_UNSUPPORTED :
												 SNAPSHOT_DRAINED;
	*kept = kept_map_take(fd);
	return *kept ? SNAPSHOT_RESTORED : SNAPSHOT_UNSUPPORTED;
}

void snapshot_take(struct object *object, snapshot_map_fn *each, void *context)
{
	struct snapshot *snapshot;
	struct bpf_map *map;
	size_t count = 0;

	snapshot_free(object);
	bpf_object__for_each_map(map, object->bpf)
		count++;
	snapshot = memory_zeroed(sizeof(*snapshot) + count * sizeof(snapshot->elements[0]));
	object->snapshot = snapshot;
	bpf_object__for_each_map(map, object->bpf) {
		struct element *element = &snapshot->elements[snapshot->count++];

		element->map = map;
		element->how = take(object, map, &element->kept);
		each(context, bpf_map__name(map), element->how);
	}
}

static bool restore(const struct object *object, const struct element *element)
{
	struct watch *watch;

	switch (element->how) {
	case SNAPSHOT_RESTORED:
		return kept_map_restore(element->kept);
	case SNAPSHOT_DRAINED:
		watch = watch_find(object, element->map);
		return !watch || watch_discard(watch);
	default:
		return false;
	}
}

bool snapshot_restore(struct object *object, snapshot_map_fn *differs, void *context)
{
	bool equal = true;

	for (size_t i = 0; i < object->snapshot->count; i++) {
		const struct element *element = &object->snapshot->elements[i];

		if (!restore(object, element)) {
			equal = false;
			differs(context, bpf_map__name(element->map), element->how);
		}
	}
	object->snapshot->spoilt = !equal;
	return equal;
}

void snapshot_note_name(void *context, const char *map, enum snapshot_how how)
{
	struct snapshot_names *differing = context;

	(void)how;
	differing->names = memory_resized(differing->names, (differing->count + 1) * sizeof(*differing->names));
	differing->names[differing->count++] = map;
}

void snapshot_reply_differs(struct reply *reply, const struct snapshot_names *differing)
{
	reply_key(reply, "differs");
	reply_array(reply, differing->count);
	for (uint32_t i = 0; i < differing->count; i++)
		reply_string(reply, differing->names[i]);
}

bool snapshot_spoilt(const struct object *object)
{
	return object->snapshot->spoilt;
}

void snapshot_touched(struct object *object)
{
	for (size_t i = 0; i < object->snapshot->count; i++) {
		if (object->snapshot->elements[i].kept)
			kept_map_touched(object->snapshot->elements[i].kept);
	}
}

struct kept_map *snapshot_find(const struct object *object, const struct bpf_map *map)
{
	for (size_t i = 0; i < object->snapshot->count; i++) {
		if (object->snapshot->elements[i].map == map)
			return object->snapshot->elements[i].kept;
	}
	return NULL;
}

void snapshot_free(struct object *object)
{
	for (size_t i = 0; object->snapshot && i < object->snapshot->count; i++)
		kept_map_free(object->snapshot->elements[i].kept);
	free(object->snapshot);
	object->snapshot = NULL;
}
