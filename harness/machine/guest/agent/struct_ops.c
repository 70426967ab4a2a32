// SPDX-License-Identifier: Apache-2.0
#include "struct_ops.h"

#include <errno.h>
#include <stdbool.h>

static bool is_program(const struct object *object, const struct bpf_program *member)
{
	struct bpf_program *program;

	bpf_object__for_each_program(program, object->bpf) {
		if (program == member)
			return true;
	}
	return false;
}

void struct_ops_leave_out(struct object *object, const struct bpf_program *program)
{
	struct bpf_map *map;

	bpf_object__for_each_map(map, object->bpf) {
		size_t size = 0;
		const struct bpf_program **members;
		bool had = false, has = false;

		if (bpf_map__type(map) != BPF_MAP_TYPE_STRUCT_OPS)
			continue;
		members = bpf_map__initial_value(map, &size);
		for (size_t i = 0; members && i < size / sizeof(*members); i++) {
			if (members[i] == program) {
				members[i] = NULL;
				had = true;
			}
			has = has || is_program(object, members[i]);
		}
		if (had && !has)
			bpf_map__set_autocreate(map, false);
	}
}

int struct_ops_attach(struct object *object, const struct bpf_map *map, struct attachment *attachment)
{
	attachment->kind = ATTACHED_BY_LIBBPF;
	attachment->link = bpf_map__attach_struct_ops(map);
	if (!attachment->link)
		return -errno;
	/* Without BPF_F_LINK the map's own file descriptor is the attachment. */
	if (!(bpf_map__map_flags(map) & BPF_F_LINK)) {
		attachment->object = object;
		object->users++;
	}
	return 0;
}
