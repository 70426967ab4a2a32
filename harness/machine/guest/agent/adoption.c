// SPDX-License-Identifier: Apache-2.0
#define _GNU_SOURCE
#include "adoption.h"

#include <bpf/bpf.h>
#include <bpf/btf.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "handle.h"
#include "memory.h"
#include "strays.h"

struct adopted_program {
	const struct bpf_program *program;
	int fd;
};

static struct {
	bool active;
	struct adopted_program *programs;
	size_t program_count;
	const struct bpf_map **maps;
	size_t map_count;
	/* The map being adopted. */
	const struct bpf_map *map;
} adoption;

int __real_bpf_map_get_info_by_fd(int map_fd, struct bpf_map_info *info, __u32 *info_len);
int __wrap_bpf_map_get_info_by_fd(int map_fd, struct bpf_map_info *info, __u32 *info_len);
int __real_bpf_prog_bind_map(int prog_fd, int map_fd, const struct bpf_prog_bind_opts *opts);
int __wrap_bpf_prog_bind_map(int prog_fd, int map_fd, const struct bpf_prog_bind_opts *opts);
int __real_btf_load_into_kernel(struct btf *btf, char *log_buf, size_t log_sz, __u32 log_level, int token_fd);
int __wrap_btf_load_into_kernel(struct btf *btf, char *log_buf, size_t log_sz, __u32 log_level, int token_fd);

/*
 * libbpf renames a reused map to the name of its fd, which may contain another object's name:
 * `signed.rodata`.
 */
int __wrap_bpf_map_get_info_by_fd(int map_fd, struct bpf_map_info *info, __u32 *info_len)
{
	int error = __real_bpf_map_get_info_by_fd(map_fd, info, info_len);

	if (!error && adoption.map) {
		memset(info->name, 0, sizeof(info->name));
		strncpy(info->name, bpf_map__name(adoption.map), sizeof(info->name) - 1);
	}
	return error;
}

int __wrap_bpf_prog_bind_map(int prog_fd, int map_fd, const struct bpf_prog_bind_opts *opts)
{
	return adoption.active ? 0 : __real_bpf_prog_bind_map(prog_fd, map_fd, opts);
}

/* The loader has loaded the programs with their BTF. */
int __wrap_btf_load_into_kernel(struct btf *btf, char *log_buf, size_t log_sz, __u32 log_level, int token_fd)
{
	return adoption.active ? 0 : __real_btf_load_into_kernel(btf, log_buf, log_sz, log_level, token_fd);
}

bool adoption_active(void)
{
	return adoption.active;
}

int adoption_program(const struct bpf_program *program)
{
	int fd = -1;

	errno = ENOENT;
	for (size_t i = 0; i < adoption.program_count; i++) {
		if (adoption.programs[i].program == program)
			fd = fcntl(adoption.programs[i].fd, F_DUPFD_CLOEXEC, 3);
	}
	return fd < 0 ? -errno : fd;
}

int adoption_placeholder(void)
{
	int fd = open("/dev/null", O_RDONLY | O_CLOEXEC);

	return fd < 0 ? -errno : fd;
}

/* 0 or an errno. */
static int adopt_program(const struct bpf_program *program, int fd)
{
	struct bpf_prog_info info = { 0 };
	__u32 length = sizeof(info);

	if (!program)
		return ENOENT;
	if (bpf_prog_get_info_by_fd(fd, &info, &length))
		return errno;
	if (info.type != bpf_program__type(program))
		return EINVAL;
	adoption.programs = memory_resized(adoption.programs, (adoption.program_count + 1) * sizeof(*adoption.programs));
	adoption.programs[adoption.program_count++] = (struct adopted_program){ .program = program, .fd = fd };
	return 0;
}

static int adopt_map(struct bpf_map *map, int fd)
{
	struct bpf_map_info info = { 0 };
	__u32 length = sizeof(info);
	int error;

	if (!map)
		return ENOENT;
	if (__real_bpf_map_get_info_by_fd(fd, &info, &length))
		return errno;
	if (info.type != bpf_map__type(map))
		return EINVAL;
	adoption.map = map;
	error = -bpf_map__reuse_fd(map, fd);
	adoption.map = NULL;
	/* libbpf would use an existing pin of that name instead, which may be another map. */
	error = error ? error : -bpf_map__set_pin_path(map, NULL);
	if (error)
		return error;
	adoption.maps = memory_resized(adoption.maps, (adoption.map_count + 1) * sizeof(*adoption.maps));
	adoption.maps[adoption.map_count++] = map;
	return 0;
}

static bool adopt(struct args *element, const struct bpf_object *bpf, struct reply *reply)
{
	const char *program = args_string_or_null(element, "program");
	const char *map = args_string_or_null(element, "map");
	struct handle *handle = handle_find(args_uint(element, "handle", UINT32_MAX), HANDLE_FD);
	const char *kind = handle ? stray_kind(handle->fd) : NULL;
	int error = EBADF;

	if (!program == !map)
		args_complain(element, "adopt", "has an element that does not name exactly one program or map");
	if (!args_valid(element))
		return false;
	if (program && kind && strcmp(kind, "program") == 0)
		error = adopt_program(bpf_object__find_program_by_name(bpf, program), handle->fd);
	if (map && kind && strcmp(kind, "map") == 0)
		error = adopt_map(bpf_object__find_map_by_name(bpf, map), handle->fd);
	if (error)
		reply_fail(reply, error, "adopt %s", program ? program : map);
	return error == 0;
}

/* False when libbpf would create a map. */
static bool has_all_maps(const struct bpf_object *bpf, struct reply *reply)
{
	const struct bpf_map *map;

	bpf_object__for_each_map(map, bpf) {
		bool given = !bpf_map__autocreate(map);

		for (size_t i = 0; i < adoption.map_count; i++)
			given |= adoption.maps[i] == map;
		if (!given) {
			reply_fail(reply, ENOENT, "adopt map %s: it has no handle", bpf_map__name(map));
			return false;
		}
	}
	return true;
}

void adoption_end(void)
{
	free(adoption.programs);
	free(adoption.maps);
	memset(&adoption, 0, sizeof(adoption));
}

bool adoption_begin(struct args *args, const struct object *object, struct reply *reply)
{
	for (uint32_t i = 0; i < args_count_or_none(args, "adopt", UINT32_MAX); i++) {
		struct args element = args_element(args, "adopt", i);

		if (!args_valid(args) || !adopt(&element, object->bpf, reply)) {
			adoption_end();
			return false;
		}
	}
	if (!has_all_maps(object->bpf, reply)) {
		adoption_end();
		return false;
	}
	adoption.active = true;
	return true;
}
