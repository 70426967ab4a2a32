// SPDX-License-Identifier: Apache-2.0
#include <errno.h>

#include "operation.h"
#include "watch.h"

#define MAX_PAGES 4096
#define PAGES 64

static bool has_events(const struct bpf_map *map)
{
	return bpf_map__type(map) == BPF_MAP_TYPE_RINGBUF || bpf_map__type(map) == BPF_MAP_TYPE_PERF_EVENT_ARRAY;
}

/* The map that the arguments name, watched or not. NULL after failing the reply. */
static struct bpf_map *events_argument(struct args *args, struct object **object, struct reply *reply)
{
	struct bpf_map *map;

	*object = object_argument(args, "object", reply);
	map = *object ? object_map_argument(args, *object, reply) : NULL;
	if (!map || has_events(map))
		return map;
	reply_fail(reply, EOPNOTSUPP, "events of map %s", bpf_map__name(map));
	return NULL;
}

void op_events_watch(struct args *args, struct reply *reply)
{
	uint32_t pages = args_uint_or(args, "pages", MAX_PAGES, PAGES);
	struct object *object;
	struct bpf_map *map = events_argument(args, &object, reply);
	int error;

	if (!map || !args_valid(args))
		return;
	error = watch_begin(object, map, pages);
	reply_done(reply, error, "watch map %s", bpf_map__name(map));
}

void op_events_drain(struct args *args, struct reply *reply)
{
	struct object *object;
	struct bpf_map *map = events_argument(args, &object, reply);
	uint64_t lost;
	bool more;

	if (!map || !args_valid(args))
		return;
	/*
	 * A ring buffer keeps its events until they are read; a perf event array records none before it
	 * is watched.
	 */
	if (!watch_find(object, map)) {
		int error = bpf_map__type(map) == BPF_MAP_TYPE_RINGBUF ? watch_begin(object, map, 0) : -ENOENT;

		if (error) {
			reply_fail(reply, error, "events of map %s", bpf_map__name(map));
			return;
		}
	}
	reply_map(reply, 3);
	reply_key(reply, "events");
	watch_drain(watch_find(object, map), reply, &more, &lost);
	reply_key_bool(reply, "more", more);
	reply_key_uint(reply, "lost", lost);
}
