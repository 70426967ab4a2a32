// SPDX-License-Identifier: Apache-2.0
#include "pins.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "memory.h"

#define BPFFS "/sys/fs/bpf/"

/* libbpf makes only the last of several folders. Errors show when the map is pinned. */
static void make_folders(char *path)
{
	char *slash = path + strlen(BPFFS);

	while ((slash = strchr(slash, '/'))) {
		*slash = '\0';
		mkdir(path, 0700);
		*slash++ = '/';
	}
}

static void remove_folders(char *path)
{
	char *slash;

	while ((slash = strrchr(path, '/')) && slash >= path + strlen(BPFFS)) {
		*slash = '\0';
		if (rmdir(path))
			return;
	}
}

void pins_prepare(struct object *object)
{
	struct bpf_map *map;

	bpf_object__for_each_map(map, object->bpf) {
		const char *path = bpf_map__pin_path(map);
		char *copy;

		if (!path || strncmp(path, BPFFS, strlen(BPFFS)) != 0 || access(path, F_OK) == 0)
			continue;
		copy = memory_copy(path, strlen(path) + 1);
		make_folders(copy);
		object->pins = memory_resized(object->pins, (object->pin_count + 1) * sizeof(*object->pins));
		object->pins[object->pin_count++] = copy;
	}
}

void pins_remove(struct object *object)
{
	for (size_t i = 0; i < object->pin_count; i++) {
		unlink(object->pins[i]);
		remove_folders(object->pins[i]);
		free(object->pins[i]);
	}
	free(object->pins);
	object->pins = NULL;
	object->pin_count = 0;
}
