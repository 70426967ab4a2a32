// SPDX-License-Identifier: Apache-2.0
#include <bpf/bpf.h>
#include <errno.h>

#include "content.h"
#include "map_entry.h"
#include "nested.h"
#include "operation.h"

void op_map_dump(struct args *args, struct reply *reply)
{
	struct object *object = object_argument(args, "object", reply);
	bool nested = args_bool_or(args, "nested", false), packed = args_bool_or(args, "packed", false);
	struct content content = { 0 };
	static const struct content none = { 0 };
	const struct bpf_map *of;
	struct map map;
	int error;

	of = object ? map_argument(args, object, &map, reply) : NULL;
	if (!of || !args_valid(args))
		return;
	error = nested_read_all(&content, &map, nested, packed);
	if (error) {
		reply_fail(reply, error, "read map %s", bpf_map__name(of));
	} else {
		reply_map(reply, packed ? 7 : 6);
		reply_key_uint(reply, "type", map.type);
		reply_key_uint(reply, "key_size", map.key_size);
		reply_key_uint(reply, "value_size", map.value_size);
		reply_key_uint(reply, "cpus", map.cpus);
		content_reply_entries(reply, packed ? &none : &content, &map);
		if (packed)
			content_reply_packed(reply, &content, &map);
		reply_key_bool(reply, "truncated", content.truncated);
	}
	content_free(&content);
}

void op_map_write(struct args *args, struct reply *reply)
{
	struct object *object = object_argument(args, "object", reply);

	if (!object)
		return;
	reply_map(reply, 1);
	reply_key(reply, "errnos");
	map_entries_write(args, object, reply);
}

void op_map_delete(struct args *args, struct reply *reply)
{
	struct object *object = object_argument(args, "object", reply);
	uint32_t count = args_count(args, "keys", UINT32_MAX);
	struct map map;

	if (!object || !map_argument(args, object, &map, reply) || !args_valid(args))
		return;
	reply_map(reply, 1);
	reply_key(reply, "errnos");
	reply_array(reply, count);
	for (uint32_t i = 0; i < count; i++) {
		struct bytes key = args_bytes_at(args, "keys", i, UINT32_MAX);

		reply_uint(reply, key.length == map.key_size ? -bpf_map_delete_elem(map.fd, key.data) : EINVAL);
	}
}
