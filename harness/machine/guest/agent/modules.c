// SPDX-License-Identifier: Apache-2.0
#define _GNU_SOURCE
#include "modules.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "operation.h"

#define BOOT_FOLDER "/modules"
#define LAZY_FOLDER "/modules/lazy"
#define MAX_LOADED 64

static char *loaded[MAX_LOADED];
static size_t loaded_count;

/* 0 or a negative errno; a module that is already loaded counts as success. */
static int load_file(const char *path)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	int error = 0;

	if (fd < 0)
		return -errno;
	if (syscall(SYS_finit_module, fd, "", 0) < 0 && errno != EEXIST)
		error = -errno;
	close(fd);
	return error;
}

/* `012-virtio_ring.ko` */
static int is_boot_module(const struct dirent *entry)
{
	const char *dash = strchr(entry->d_name, '-');
	size_t length = strlen(entry->d_name);

	return dash && length > 3 && strcmp(entry->d_name + length - 3, ".ko") == 0;
}

void modules_load_boot(void)
{
	struct dirent **entries;
	int count = scandir(BOOT_FOLDER, &entries, is_boot_module, alphasort);

	for (int i = 0; i < count; i++) {
		char *name = strchr(entries[i]->d_name, '-') + 1;
		char path[300];
		int error;

		snprintf(path, sizeof(path), BOOT_FOLDER "/%s", entries[i]->d_name);
		error = load_file(path);
		if (error)
			fprintf(stderr, "bpfgate: module %s: %s\n", entries[i]->d_name, strerror(-error));
		else if (loaded_count < MAX_LOADED)
			loaded[loaded_count++] = strndup(name, strlen(name) - 3);
		free(entries[i]);
	}
	if (count >= 0)
		free(entries);
}

void modules_reply_loaded(struct reply *reply)
{
	reply_array(reply, loaded_count);
	for (size_t i = 0; i < loaded_count; i++)
		reply_string(reply, loaded[i]);
}

/* The kernel writes `_` in module names where file names may have `-`. */
static void canonical(char *name)
{
	for (; *name; name++) {
		if (*name == '-')
			*name = '_';
	}
}

static bool is_live(const char *name)
{
	char path[300];
	struct stat status;

	snprintf(path, sizeof(path), "/sys/module/%s/initstate", name);
	return stat(path, &status) == 0;
}

/*
 * A built-in module with parameters is in /sys/module without an initstate; one without parameters
 * is not listed.
 */
static bool is_builtin(const char *name)
{
	char path[300];
	struct stat status;

	snprintf(path, sizeof(path), "/sys/module/%s", name);
	return stat(path, &status) == 0 && !is_live(name);
}

static int load_lazy(const char *name)
{
	char path[300];

	snprintf(path, sizeof(path), LAZY_FOLDER "/%s.ko", name);
	return load_file(path);
}

/*
 * Finds the line `name: dep1 dep2 ...` in the order file; loads the dependencies in that order,
 * then the module. -ENOENT if there is no line.
 */
static int load_with_dependencies(const char *name)
{
	FILE *order = fopen(LAZY_FOLDER "/order", "re");
	char *line = NULL;
	size_t size = 0;
	int error = -ENOENT;

	if (!order)
		return -ENOENT;
	while (error == -ENOENT && getline(&line, &size, order) >= 0) {
		char *rest = line, *word;

		canonical(line);
		word = strsep(&rest, ":");
		if (!rest || strcmp(word, name) != 0)
			continue;
		error = 0;
		while (!error && (word = strsep(&rest, " \n"))) {
			if (*word && !is_live(word))
				error = load_lazy(word);
		}
		if (!error)
			error = load_lazy(name);
		break;
	}
	free(line);
	fclose(order);
	return error;
}

void op_module_load(struct args *args, struct reply *reply)
{
	const char *wanted = args_string(args, "name");
	const char *state = "live";
	char name[128];
	int error = 0;

	if (strlen(wanted) >= sizeof(name) || strchr(wanted, '/'))
		args_complain(args, "name", "is not a module name");
	if (!args_valid(args))
		return;
	strcpy(name, wanted);
	canonical(name);
	if (!is_live(name)) {
		error = load_with_dependencies(name);
		if (error == -ENOENT && is_builtin(name)) {
			state = "builtin";
			error = 0;
		} else if (error) {
			state = error == -ENOENT ? "absent" : "refused";
		}
	}
	reply_map(reply, 2);
	reply_key_string(reply, "state", state);
	reply_key_uint(reply, "errno", -error);
}
