// SPDX-License-Identifier: Apache-2.0
#include <errno.h>
#include <stdlib.h>

#include "operation.h"
#include "snapshot.h"

static const char *const ways[] = {
	[SNAPSHOT_RESTORED] = "restored",
	[SNAPSHOT_DRAINED] = "drained",
	[SNAPSHOT_UNSUPPORTED] = "unsupported",
};

struct listing {
	struct reply *reply;
	uint32_t count;
};

static void list_map(void *context, const char *map, enum snapshot_how how)
{
	struct listing *listing = context;

	listing->count++;
	reply_map(listing->reply, 2);
	reply_key_string(listing->reply, "name", map);
	reply_key_string(listing->reply, "how", ways[how]);
}

void op_object_snapshot(struct args *args, struct reply *reply)
{
	struct object *object = object_argument(args, "object", reply);
	struct listing listing = { .reply = reply };
	size_t array;

	if (!object || !args_valid(args))
		return;
	if (!object->loaded) {
		reply_fail(reply, EBADF, "snapshot: the object is not loaded");
		return;
	}
	reply_map(reply, 1);
	reply_key(reply, "maps");
	array = reply_array_begin(reply);
	snapshot_take(object, list_map, &listing);
	reply_array_end(reply, array, listing.count);
}

void op_object_reset(struct args *args, struct reply *reply)
{
	struct object *object = object_argument(args, "object", reply);
	struct snapshot_names differing = { 0 };

	if (!object || !args_valid(args))
		return;
	if (!object->snapshot) {
		reply_fail(reply, ENOENT, "reset: the object has no snapshot");
		return;
	}
	reply_map(reply, 2);
	reply_key_bool(reply, "equal", snapshot_restore(object, snapshot_note_name, &differing));
	snapshot_reply_differs(reply, &differing);
	free(differing.names);
}
