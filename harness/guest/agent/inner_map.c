// SPDX-License-Identifier: Apache-2.0
#include "inner_map.h"

#include <bpf/bpf.h>
#include <errno.h>
#include <stdlib.h>

struct inner_template {
	const struct bpf_map *outer;
	enum bpf_map_type type;
	uint32_t key_size;
	uint32_t value_size;
	uint32_t max_entries;
	uint32_t flags;
};

static void add(struct object *object, struct inner_template template)
{
	object->templates =
		realloc(object->templates, (object->template_count + 1) * sizeof(*object->templates));
	if (!object->templates)
		abort();
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

int inner_map_create(const struct object *object, const struct bpf_map *outer)
{
	for (size_t i = 0; i < object->template_count; i++) {
		const struct inner_template *template = &object->templates[i];
		LIBBPF_OPTS(bpf_map_create_opts, opts, .map_flags = template->flags);

		if (template->outer == outer)
			return bpf_map_create(template->type, NULL, template->key_size, template->value_size,
					      template->max_entries, &opts);
	}
	return -EINVAL;
}
