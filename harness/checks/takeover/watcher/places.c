// SPDX-License-Identifier: Apache-2.0
/* Pins, the mounts that they stand on, and the kernel's switches. */
#include <bpf/bpf.h>
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "collect.h"
#include "text.h"

#define MAX_DEPTH 16

/* What a pin holds: `program_id`, `map_id` or `link_id` of its descriptor. */
static void add_pin(struct snapshot *to, const char *path)
{
	static const char *const fields[][2] = { { "prog_id", "program" }, { "map_id", "map" }, { "link_id", "link" } };
	int fd = bpf_obj_get(path);
	char name[64], line[256], value[96] = "{\"object\":\"unreadable\"}";
	FILE *file = NULL;

	if (fd >= 0) {
		snprintf(name, sizeof(name), "/proc/self/fdinfo/%d", fd);
		file = fopen(name, "re");
	}
	while (file && fgets(line, sizeof(line), file)) {
		for (int i = 0; i < 3; i++) {
			size_t length = strlen(fields[i][0]);

			/* A link's comes before its program's, or after: the link is what is pinned. */
			if (strncmp(line, fields[i][0], length) || line[length] != ':')
				continue;
			if (i == 0 && strstr(value, "link"))
				continue;
			snprintf(value, sizeof(value), "{\"object\":\"%s\",\"id\":%lu}", fields[i][1],
				 strtoul(line + length + 1, NULL, 10));
		}
	}
	if (file)
		fclose(file);
	if (fd >= 0)
		close(fd);
	snapshot_add(to, GROUP_PINS, "pin", path, value);
}

static void walk(struct snapshot *to, const char *path, int depth)
{
	DIR *folder = opendir(path);
	struct dirent *entry;

	while (folder && (entry = readdir(folder))) {
		char below[512];

		if (!strcmp(entry->d_name, ".") || !strcmp(entry->d_name, ".."))
			continue;
		if ((size_t)snprintf(below, sizeof(below), "%s/%s", path, entry->d_name) >= sizeof(below))
			continue;
		if (entry->d_type == DT_DIR && depth < MAX_DEPTH) {
			snapshot_add(to, GROUP_PINS, "pin", below, "{\"object\":\"folder\"}");
			walk(to, below, depth + 1);
		} else if (entry->d_type == DT_LNK) {
			snapshot_add(to, GROUP_PINS, "pin", below, "{\"object\":\"symlink\"}");
		} else {
			add_pin(to, below);
		}
	}
	if (folder)
		closedir(folder);
}

void collect_pins(struct snapshot *to, const struct watched *watched)
{
	for (unsigned i = 0; i < watched->pin_count; i++)
		walk(to, watched->pins[i], 0);
}

static bool concerns(const char *point, const struct watched *watched)
{
	for (unsigned i = 0; i < watched->pin_count; i++) {
		size_t length = strlen(point), wanted = strlen(watched->pins[i]);
		size_t common = length < wanted ? length : wanted;

		/* At, above or below a folder of pins. */
		if (common > 1 && !strncmp(point, watched->pins[i], common) && (length >= wanted || watched->pins[i][length] == '/'))
			return true;
	}
	return false;
}

void collect_mounts(struct snapshot *to, const struct watched *watched)
{
	FILE *file = fopen("/proc/self/mountinfo", "re");
	char line[4096];

	while (file && fgets(line, sizeof(line), file)) {
		unsigned id, major, minor;
		char root[512], point[512], where[560], type[64] = "";
		const char *separator = strstr(line, " - ");
		struct text value = { 0 };

		if (!separator || sscanf(line, "%u %*u %u:%u %511s %511s", &id, &major, &minor, root, point) != 5)
			continue;
		sscanf(separator, " - %63s", type);
		if (strcmp(type, "bpf") && !concerns(point, watched))
			continue;
		snprintf(where, sizeof(where), "%s (mount %u)", point, id);
		text_add(&value, "{\"type\":");
		text_string(&value, type);
		text_add(&value, ",\"device\":\"%u:%u\",\"root\":", major, minor);
		text_string(&value, root);
		text_add(&value, "}");
		snapshot_add(to, GROUP_MOUNTS, "mount", where, value.bytes);
		free(value.bytes);
	}
	if (file)
		fclose(file);
}

void collect_switches(struct snapshot *to)
{
	static const char *const paths[] = {
		"/proc/sys/kernel/ftrace_enabled",
		"/sys/kernel/debug/kprobes/enabled",
		"/proc/sys/kernel/unprivileged_bpf_disabled",
		"/proc/sys/net/core/bpf_jit_enable",
		"/sys/kernel/sched_ext/state",
		"/sys/kernel/sched_ext/root/ops",
	};

	for (size_t i = 0; i < sizeof(paths) / sizeof(*paths); i++) {
		struct text value = { 0 };
		char content[128];

		read_small(paths[i], content, sizeof(content));
		if (!*content)
			continue;
		text_add(&value, "{\"value\":");
		text_string(&value, content);
		text_add(&value, "}");
		snapshot_add(to, GROUP_SWITCHES, "switch", paths[i], value.bytes);
		free(value.bytes);
	}
}
