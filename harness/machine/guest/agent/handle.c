// SPDX-License-Identifier: Apache-2.0
#include "handle.h"

#include <stdlib.h>

#include "memory.h"

static struct handle **held;
static size_t held_count;
static size_t held_room;
static uint32_t last_id;

struct handle *handle_new(enum handle_kind kind)
{
	struct handle *handle = memory_zeroed(sizeof(*handle));

	if (held_count == held_room) {
		held_room = held_room ? held_room * 2 : 16;
		held = memory_resized(held, held_room * sizeof(*held));
	}
	handle->id = ++last_id;
	handle->kind = kind;
	held[held_count++] = handle;
	return handle;
}

struct handle *handle_find(uint32_t id, enum handle_kind kind)
{
	for (size_t i = 0; i < held_count; i++) {
		if (held[i]->id == id && held[i]->kind == kind)
			return held[i];
	}
	return NULL;
}

void handle_drop(struct handle *handle)
{
	for (size_t i = 0; i < held_count; i++) {
		if (held[i] == handle) {
			held[i] = held[--held_count];
			free(handle);
			return;
		}
	}
}

void handle_forget_all(uint32_t last)
{
	for (size_t i = 0; i < held_count; i++)
		free(held[i]);
	held_count = 0;
	last_id = last;
}
