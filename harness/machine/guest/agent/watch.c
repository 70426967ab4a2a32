// SPDX-License-Identifier: Apache-2.0
#include "watch.h"

#include <errno.h>
#include <stdlib.h>

#include "map.h"
#include "memory.h"

#define MAX_EVENTS 65536
#define MAX_BYTES (32u << 20)

struct watch {
	struct watch *next;
	const struct bpf_map *map;
	struct ring_buffer *ring;
	struct perf_buffer *perf;
	/* The reply that receives events; NULL discards them. */
	struct reply *reply;
	uint32_t events;
	uint64_t bytes;
	uint64_t lost;
};

/* A negative result ends the reading after this event. */
static int take_ring_event(void *context, void *data, size_t size)
{
	struct watch *watch = context;

	watch->events++;
	watch->bytes += size;
	if (!watch->reply)
		return 0;
	reply_bytes(watch->reply, data, size);
	return watch->events >= MAX_EVENTS || watch->bytes >= MAX_BYTES ? -ENOBUFS : 0;
}

static void take_perf_event(void *context, int cpu, void *data, __u32 size)
{
	(void)cpu;
	take_ring_event(context, data, size);
}

static void count_lost(void *context, int cpu, __u64 count)
{
	(void)cpu;
	((struct watch *)context)->lost += count;
}

struct watch *watch_find(const struct object *object, const struct bpf_map *map)
{
	for (struct watch *watch = object->watches; watch; watch = watch->next) {
		if (watch->map == map)
			return watch;
	}
	return NULL;
}

int watch_begin(struct object *object, const struct bpf_map *map, uint32_t pages)
{
	int fd = bpf_map__fd(map);
	struct watch *watch;

	if (watch_find(object, map))
		return 0;
	watch = memory_zeroed(sizeof(*watch));
	watch->map = map;
	if (bpf_map__type(map) == BPF_MAP_TYPE_RINGBUF)
		watch->ring = ring_buffer__new(fd, take_ring_event, watch, NULL);
	else
		watch->perf = perf_buffer__new(fd, pages, take_perf_event, count_lost, watch, NULL);
	if (!watch->ring && !watch->perf) {
		int error = errno;

		free(watch);
		return -error;
	}
	watch->next = object->watches;
	object->watches = watch;
	return 0;
}

/*
 * Perf buffers are small and read to the end; a ring buffer is read until MAX_EVENTS or MAX_BYTES.
 */
static bool consume(struct watch *watch)
{
	if (watch->perf)
		return perf_buffer__consume(watch->perf) < 0;
	ring_buffer__consume(watch->ring);
	return ring__avail_data_size(ring_buffer__ring(watch->ring, 0)) > 0;
}

void watch_drain(struct watch *watch, struct reply *reply, bool *more, uint64_t *lost)
{
	size_t array = reply_array_begin(reply);

	watch->reply = reply;
	watch->events = 0;
	watch->bytes = 0;
	*more = consume(watch);
	watch->reply = NULL;
	reply_array_end(reply, array, watch->events);
	*lost = watch->lost;
	watch->lost = 0;
}

bool watch_discard(struct watch *watch)
{
	bool left = consume(watch);

	watch->lost = 0;
	return !left;
}

void watch_free_all(struct object *object)
{
	while (object->watches) {
		struct watch *watch = object->watches;

		object->watches = watch->next;
		ring_buffer__free(watch->ring);
		perf_buffer__free(watch->perf);
		free(watch);
	}
}
