// SPDX-License-Identifier: Apache-2.0
#include <bpf/bpf.h>
#include <errno.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "adoption.h"
#include "libbpf_log.h"
#include "memory.h"
#include "object.h"
#include "operation.h"
#include "pins.h"
#include "prog_load.h"

#define MAX_LOG_BYTES (8u << 20)

static bool knows(const struct prog_load *load, size_t end)
{
	return load->info_length >= end;
}

static void reply_info(struct reply *reply, const struct prog_load *load)
{
	bool verified = knows(load, offsetof(struct bpf_prog_info, verified_insns) + sizeof(__u32));
	char tag[2 * BPF_TAG_SIZE + 1];

	for (size_t i = 0; i < BPF_TAG_SIZE; i++)
		snprintf(tag + 2 * i, 3, "%02x", load->info.tag[i]);
	reply_key(reply, "info");
	reply_map(reply, 7 + verified);
	reply_key_uint(reply, "id", load->info.id);
	reply_key_string(reply, "tag", tag);
	if (verified)
		reply_key_uint(reply, "verified_insns", load->info.verified_insns);
	reply_key_uint(reply, "xlated_bytes", load->info.xlated_prog_len);
	reply_key_uint(reply, "jited_bytes", load->info.jited_prog_len);
	reply_key_uint(reply, "memlock_bytes", load->memlock);
	reply_key_uint(reply, "load_wall_ns", load->wall_ns);
	reply_key_uint(reply, "load_cpu_ns", load->cpu_ns);
}

static void reply_program(struct reply *reply, const struct prog_load *load)
{
	reply_map(reply, load->has_info ? 6 : 5);
	reply_key_string(reply, "name", bpf_program__name(load->program));
	reply_key_bool(reply, "attempted", load->attempted);
	reply_key_uint(reply, "errno", load->error);
	reply_key_string(reply, "log", load->log ? load->log : "");
	reply_key_bool(reply, "log_truncated", load->log_truncated);
	if (load->has_info)
		reply_info(reply, load);
}

/*
 * In its messages libbpf calls the map of a data section by its shortened kernel name,
 * `object.rodata.x`.
 */
static bool is_map_named(const struct bpf_map *map, const char *said)
{
	const char *name = bpf_map__name(map);
	const char *section = strchr(said, '.');

	return strcmp(name, said) == 0 ||
	       (name[0] == '.' && section && strncmp(name, section, strlen(section)) == 0);
}

static void reply_loaded_map(struct reply *reply, const struct bpf_map *map)
{
	struct bpf_map_info info = { 0 };
	uint32_t length = sizeof(info);
	int fd = bpf_map__fd(map);
	bool there = fd >= 0 && bpf_map_get_info_by_fd(fd, &info, &length) == 0;

	reply_map(reply, there ? 5 : 3);
	reply_key_string(reply, "name", bpf_map__name(map));
	reply_key_bool(reply, "attempted", there);
	reply_key_uint(reply, "errno", 0);
	if (there) {
		reply_key_uint(reply, "id", info.id);
		reply_key_uint(reply, "memlock_bytes", memlock_of(fd));
	}
}

static void reply_unloaded_map(struct reply *reply, const struct bpf_map *map, bool attempted, int error)
{
	reply_map(reply, 3);
	reply_key_string(reply, "name", bpf_map__name(map));
	reply_key_bool(reply, "attempted", attempted);
	reply_key_uint(reply, "errno", error);
}

/*
 * libbpf creates maps in order before it loads the first program, and removes all after a failure.
 * So the maps before the one that libbpf complained about were created; all of them if it reached
 * the programs.
 */
static void reply_maps(struct reply *reply, const struct object *object, int error, bool reached_programs)
{
	const char *failed = libbpf_log_failed_map();
	bool making = failed || reached_programs;
	struct bpf_map *map;
	uint32_t count = 0;
	size_t array;

	reply_key(reply, "maps");
	array = reply_array_begin(reply);
	bpf_object__for_each_map(map, object->bpf) {
		count++;
		if (!error) {
			reply_loaded_map(reply, map);
		} else if (making && failed && is_map_named(map, failed)) {
			reply_unloaded_map(reply, map, true, error);
			making = false;
		} else {
			reply_unloaded_map(reply, map, making && bpf_map__autocreate(map), 0);
		}
	}
	reply_array_end(reply, array, count);
}

static size_t program_count(const struct bpf_object *object)
{
	struct bpf_program *program;
	size_t count = 0;

	bpf_object__for_each_program(program, object)
		count++;
	return count;
}

/* Coverage moves to the object and lives as long as the object. */
static void keep_coverage(struct object *object, struct prog_load *loads, size_t count)
{
	object->coverage = memory_zeroed(count * sizeof(*object->coverage));
	for (size_t i = 0; i < count; i++) {
		if (!loads[i].attempted || loads[i].error || !object->loaded) {
			coverage_free(&loads[i].coverage);
			continue;
		}
		object->coverage[object->coverage_count++] = (struct coverage_entry){
			.program = loads[i].program,
			.coverage = loads[i].coverage,
		};
	}
}

void op_object_load(struct args *args, struct reply *reply)
{
	struct object *object = object_argument(args, "object", reply);
	uint32_t log_level = args_uint(args, "log_level", 7);
	uint32_t log_bytes = args_uint(args, "log_bytes", MAX_LOG_BYTES);
	bool probe = args_bool_or(args, "coverage", false);
	bool adopts = args_has(args, "adopt");
	bool reached_programs = false;
	struct bpf_program *program;
	struct prog_load *loads;
	size_t count, i = 0;
	int error;

	if (adopts && probe)
		args_complain(args, "coverage", "is not possible with adopted programs");
	if (!object || !args_valid(args))
		return;
	if (adopts && !adoption_begin(args, object, reply))
		return;
	count = program_count(object->bpf);
	loads = memory_zeroed(count * sizeof(*loads));
	bpf_object__for_each_program(program, object->bpf) {
		loads[i].coverage.map_fd = -1;
		loads[i].probe = probe;
		loads[i++].program = program;
	}
	pins_prepare(object);
	libbpf_log_begin();
	prog_load_begin(loads, count, log_level, log_bytes);
	error = -bpf_object__load(object->bpf);
	prog_load_end();
	if (adopts)
		adoption_end();
	object->loaded = error == 0;
	if (error)
		pins_remove(object);
	if (probe && !object->coverage)
		keep_coverage(object, loads, count);

	for (i = 0; i < count; i++)
		reached_programs |= loads[i].attempted;
	reply_map(reply, 4);
	reply_key_uint(reply, "errno", error);
	reply_key_string(reply, "log", libbpf_log_text());
	reply_key(reply, "programs");
	reply_array(reply, count);
	for (i = 0; i < count; i++) {
		reply_program(reply, &loads[i]);
		free(loads[i].log);
	}
	free(loads);
	reply_maps(reply, object, error, reached_programs);
}
