// SPDX-License-Identifier: Apache-2.0
#include "inner_map.h"

#include <bpf/bpf.h>
#include <errno.h>
#include <stdlib.h>

#include "memory.h"
#include "object_token.h"

struct inner_template {
	const struct bpf_map *outer;
	enum bpf_map_type type;
	uint32_t key_size;
	uint32_t value_size;
	uint32_t max_entries;
	uint32_t flags;
	/* Ids in the object's BTF, or 0. */
	uint32_t key_type;
	uint32_t value_type;
};

static void add(struct object *object, struct inner_template template)
{
	object->templates =
		memory_resized(object->templates, (object->template_count + 1) * sizeof(*object->templates));
	object->templates[object->template_count++] = template;
}

void inner_map_note_all(struct object *object)
{
	struct bpf_map *map;

	bpf_object__for_each_map(map, object->bpf) {
		const struct bpf_map *inner = bpf_map__inner_map(map);

		if (inner)
			add(object, (struct inner_template){
					     .outer = map,
					     .type = bpf_map__type(inner),
					     .key_size = bpf_map__key_size(inner),
					     .value_size = bpf_map__value_size(inner),
					     .max_entries = bpf_map__max_entries(inner),
					     .flags = bpf_map__map_flags(inner),
					     .key_type = bpf_map__btf_key_type_id(inner),
					     .value_type = bpf_map__btf_value_type_id(inner),
				     });
	}
}

void inner_map_note(struct object *object, const struct bpf_map *outer, int fd)
{
	struct bpf_map_info info = { 0 };
	uint32_t length = sizeof(info);

	if (bpf_map_get_info_by_fd(fd, &info, &length) == 0)
		add(object, (struct inner_template){
				     .outer = outer,
				     .type = info.type,
				     .key_size = info.key_size,
				     .value_size = info.value_size,
				     .max_entries = info.max_entries,
				     .flags = info.map_flags,
			     });
}

/*
 * With BTF types, as libbpf creates the template: kernels 5.15 to 6.1 refuse an inner map without
 * them.
 */
static int create_typed(const struct object *object, const struct inner_template *template)
{
	LIBBPF_OPTS(bpf_map_create_opts, opts, .map_flags = template->flags,
		    .btf_fd = bpf_object__btf_fd(object->bpf), .btf_key_type_id = template->key_type,
		    .btf_value_type_id = template->value_type);

	if (template->value_type == 0 || (int)opts.btf_fd < 0)
		return -ENOENT;
	object_token_use(&opts, bpf_object__token_fd(object->bpf));
	return bpf_map_create(template->type, NULL, template->key_size, template->value_size,
			      template->max_entries, &opts);
}

int inner_map_create(const struct object *object, const struct bpf_map *outer)
{
	for (size_t i = 0; i < object->template_count; i++) {
		const struct inner_template *template = &object->templates[i];
		LIBBPF_OPTS(bpf_map_create_opts, opts, .map_flags = template->flags);
		int fd;

		if (template->outer != outer)
			continue;
		fd = create_typed(object, template);
		object_token_use(&opts, bpf_object__token_fd(object->bpf));
		return fd >= 0 ? fd :
				 bpf_map_create(template->type, NULL, template->key_size, template->value_size,
						template->max_entries, &opts);
	}
	return -EINVAL;
}
