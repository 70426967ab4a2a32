// SPDX-License-Identifier: Apache-2.0
/*
 * Makes the loader program of an eBPF object with libbpf's bpf_object__gen_loader(). Needs neither
 * a kernel with BPF nor any right. Reads one MessagePack map from stdin and writes one to stdout:
 *
 *   { object: bin, name: str, cpus: uint,
 *     maps: [{ name, type?, key_size?, value_size?, max_entries?, flags?, initial_value? }],
 *     programs: [{ name, autoload, type?, attach_type?, flags? }] }
 *   { plain: bin, hashed: bin, data: bin, maps: [str], programs: [str] } or { error: str }
 *
 * `plain` and `hashed` are the instructions without and with the loader's own check of the data's
 * hash (gen_hash); `maps` and `programs` are in the order in which their descriptors stand in the
 * loader's context.
 */
#include <bpf/bpf.h>
#include <bpf/btf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <msgpack.h>
#include <msgpack/fbuffer.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MAX_REQUEST (512u << 20)

/*
 * The first complaint of libbpf is the telling one; what follows says only that something failed.
 */
static char complaint[512];

static int note_complaint(enum libbpf_print_level level, const char *format, va_list args)
{
	if (level == LIBBPF_WARN && complaint[0] == '\0') {
		vsnprintf(complaint, sizeof(complaint), format, args);
		complaint[strcspn(complaint, "\n")] = '\0';
	}
	return 0;
}

static bool is_string(const msgpack_object *value, const char *text)
{
	return value->type == MSGPACK_OBJECT_STR && value->via.str.size == strlen(text) &&
	       memcmp(value->via.str.ptr, text, value->via.str.size) == 0;
}

/* NULL when there is no such key, or it has another type. */
static const msgpack_object *member(const msgpack_object *map, const char *key, msgpack_object_type type)
{
	if (map->type != MSGPACK_OBJECT_MAP)
		return NULL;
	for (uint32_t i = 0; i < map->via.map.size; i++) {
		const msgpack_object_kv *pair = &map->via.map.ptr[i];

		if (is_string(&pair->key, key))
			return pair->val.type == type ? &pair->val : NULL;
	}
	return NULL;
}

__attribute__((format(printf, 1, 2), noreturn)) static void fail(const char *format, ...)
{
	msgpack_packer packer;
	char text[1024];
	va_list args;

	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	msgpack_packer_init(&packer, stdout, msgpack_fbuffer_write);
	msgpack_pack_map(&packer, 1);
	msgpack_pack_str_with_body(&packer, "error", 5);
	msgpack_pack_str_with_body(&packer, text, strlen(text));
	exit(fflush(stdout) == 0 ? 0 : 1);
}

/* NUL-terminated, never freed. */
static const char *text_of(const msgpack_object *map, const char *key)
{
	const msgpack_object *value = member(map, key, MSGPACK_OBJECT_STR);
	char *text = value ? strndup(value->via.str.ptr, value->via.str.size) : NULL;

	if (!text)
		fail("the request has no %s", key);
	return text;
}

static const msgpack_object_array *array_of(const msgpack_object *map, const char *key)
{
	const msgpack_object *value = member(map, key, MSGPACK_OBJECT_ARRAY);

	if (!value)
		fail("the request has no %s", key);
	return &value->via.array;
}

static const msgpack_object *number_of(const msgpack_object *map, const char *key)
{
	return member(map, key, MSGPACK_OBJECT_POSITIVE_INTEGER);
}

static int set_map_type(struct bpf_map *map, uint32_t type)
{
	return bpf_map__set_type(map, type);
}

static void set_map(struct bpf_object *object, const msgpack_object *settings)
{
	static const struct {
		const char *key;
		int (*set)(struct bpf_map *map, uint32_t value);
	} numbers[] = {
		{ "type", set_map_type },
		{ "key_size", bpf_map__set_key_size },
		{ "value_size", bpf_map__set_value_size },
		{ "max_entries", bpf_map__set_max_entries },
		{ "flags", bpf_map__set_map_flags },
	};
	const msgpack_object *value = member(settings, "initial_value", MSGPACK_OBJECT_BIN);
	const msgpack_object *extra = number_of(settings, "map_extra");
	const char *name = text_of(settings, "name");
	struct bpf_map *map = bpf_object__find_map_by_name(object, name);
	int error = map ? 0 : -ENOENT;

	for (size_t i = 0; !error && i < sizeof(numbers) / sizeof(numbers[0]); i++) {
		const msgpack_object *number = number_of(settings, numbers[i].key);

		if (number)
			error = numbers[i].set(map, number->via.u64);
	}
	if (!error && extra)
		error = bpf_map__set_map_extra(map, extra->via.u64);
	if (!error && value)
		error = bpf_map__set_initial_value(map, value->via.bin.ptr, value->via.bin.size);
	if (error)
		fail("the settings of map %s are refused: %s", name, strerror(-error));
}

static void set_program(struct bpf_object *object, const msgpack_object *settings)
{
	const msgpack_object *autoload = member(settings, "autoload", MSGPACK_OBJECT_BOOLEAN);
	const msgpack_object *type = number_of(settings, "type");
	const msgpack_object *attach_type = number_of(settings, "attach_type");
	const msgpack_object *flags = number_of(settings, "flags");
	const char *name = text_of(settings, "name");
	struct bpf_program *program = bpf_object__find_program_by_name(object, name);
	int error = program ? 0 : -ENOENT;

	if (!error && autoload)
		error = bpf_program__set_autoload(program, autoload->via.boolean);
	if (!error && type)
		error = bpf_program__set_type(program, type->via.u64);
	if (!error && attach_type)
		error = bpf_program__set_expected_attach_type(program, attach_type->via.u64);
	if (!error && flags)
		error = bpf_program__set_flags(program, bpf_program__flags(program) | flags->via.u64);
	if (error)
		fail("the settings of program %s are refused: %s", name, strerror(-error));
}

/*
 * Nothing of the machine that generates may get into the loader: neither its CPUs nor what is
 * pinned there.
 */
static void set_aside_host(struct bpf_object *object, uint32_t cpus)
{
	struct bpf_map *map;

	bpf_object__for_each_map(map, object) {
		bpf_map__set_pin_path(map, NULL);
		if (bpf_map__type(map) == BPF_MAP_TYPE_PERF_EVENT_ARRAY && bpf_map__max_entries(map) == 0)
			bpf_map__set_max_entries(map, cpus);
	}
}

/* Types of the object that a loader is made of. */
static const struct btf *types;

/*
 * What the kernel wants of an array's key in BTF (array_map_check_btf in kernel/bpf/arraymap.c):
 * not, say, an enum.
 */
static bool is_array_index(__u32 id)
{
	const struct btf_type *type = btf__type_by_id(types, id);

	while (type && (btf_is_mod(type) || btf_is_typedef(type)))
		type = btf__type_by_id(types, type->type);
	return type && btf_is_int(type) && btf_int_bits(type) == 32 && btf_int_offset(type) == 0;
}

struct bpf_gen;

void __real_bpf_gen__map_create(struct bpf_gen *gen, enum bpf_map_type type, const char *name, __u32 key_size,
				__u32 value_size, __u32 max_entries, struct bpf_map_create_opts *opts, int index);

/*
 * libbpf makes a map once more without its types when the kernel refuses them; its loaders do not,
 * so what the kernel is known to refuse is left out here. Between libbpf's own files (--wrap).
 */
void __wrap_bpf_gen__map_create(struct bpf_gen *gen, enum bpf_map_type type, const char *name, __u32 key_size,
				__u32 value_size, __u32 max_entries, struct bpf_map_create_opts *opts, int index)
{
	struct bpf_map_create_opts fitting = *opts;
	bool array = type == BPF_MAP_TYPE_ARRAY || type == BPF_MAP_TYPE_PERCPU_ARRAY;

	if (array && fitting.btf_key_type_id && !is_array_index(fitting.btf_key_type_id))
		fitting.btf_key_type_id = fitting.btf_value_type_id = 0;
	__real_bpf_gen__map_create(gen, type, name, key_size, value_size, max_entries, &fitting, index);
}

static struct bpf_object *open_object(const msgpack_object *request)
{
	const msgpack_object *bytes = member(request, "object", MSGPACK_OBJECT_BIN);
	const msgpack_object *cpus = member(request, "cpus", MSGPACK_OBJECT_POSITIVE_INTEGER);
	const msgpack_object_array *maps = array_of(request, "maps");
	const msgpack_object_array *programs = array_of(request, "programs");
	LIBBPF_OPTS(bpf_object_open_opts, opts, .object_name = text_of(request, "name"), .bpf_token_path = "");
	struct bpf_object *object;

	if (!bytes || !cpus)
		fail("the request has no object");
	object = bpf_object__open_mem(bytes->via.bin.ptr, bytes->via.bin.size, &opts);
	if (!object)
		fail("%s", complaint[0] ? complaint : strerror(errno));
	types = bpf_object__btf(object);
	for (uint32_t i = 0; i < maps->size; i++)
		set_map(object, &maps->ptr[i]);
	for (uint32_t i = 0; i < programs->size; i++)
		set_program(object, &programs->ptr[i]);
	set_aside_host(object, cpus->via.u64);
	return object;
}

/* The object stays open, as the options point into it. */
static struct bpf_object *generate(const msgpack_object *request, struct gen_loader_opts *opts)
{
	struct bpf_object *object = open_object(request);
	int error;

	error = bpf_object__gen_loader(object, opts);
	if (!error)
		error = bpf_object__load(object);
	if (error == -ERANGE)
		fail("is too large: a jump of its loader would be longer than an instruction can say");
	if (error)
		fail("%s", complaint[0] ? complaint : strerror(-error));
	return object;
}

static void pack_bytes(msgpack_packer *packer, const char *key, const void *bytes, size_t length)
{
	msgpack_pack_str_with_body(packer, key, strlen(key));
	msgpack_pack_bin_with_body(packer, bytes, length);
}

static void pack_name(msgpack_packer *packer, const char *name)
{
	msgpack_pack_str_with_body(packer, name, strlen(name));
}

static void pack_names(msgpack_packer *packer, const struct bpf_object *object)
{
	struct bpf_program *program;
	struct bpf_map *map;
	size_t count = 0;

	bpf_object__for_each_map(map, object)
		count++;
	pack_name(packer, "maps");
	msgpack_pack_array(packer, count);
	bpf_object__for_each_map(map, object)
		pack_name(packer, bpf_map__name(map));

	count = 0;
	bpf_object__for_each_program(program, object)
		count += bpf_program__autoload(program);
	pack_name(packer, "programs");
	msgpack_pack_array(packer, count);
	bpf_object__for_each_program(program, object) {
		if (bpf_program__autoload(program))
			pack_name(packer, bpf_program__name(program));
	}
}

static char *read_all(size_t *length)
{
	size_t room = 1 << 20;
	char *bytes = malloc(room);

	*length = 0;
	while (bytes) {
		size_t got = fread(bytes + *length, 1, room - *length, stdin);

		if (got == 0)
			return ferror(stdin) ? NULL : bytes;
		*length += got;
		if (*length == room) {
			room *= 2;
			bytes = room <= MAX_REQUEST ? realloc(bytes, room) : NULL;
		}
	}
	return NULL;
}

int main(void)
{
	LIBBPF_OPTS(gen_loader_opts, plain);
	LIBBPF_OPTS(gen_loader_opts, hashed, .gen_hash = true);
	struct bpf_object *object;
	msgpack_unpacked request;
	msgpack_packer packer;
	size_t length, offset = 0;
	char *input = read_all(&length);

	msgpack_unpacked_init(&request);
	if (!input || msgpack_unpack_next(&request, input, length, &offset) != MSGPACK_UNPACK_SUCCESS) {
		fprintf(stderr, "gen-loader: no request on stdin\n");
		return 1;
	}
	libbpf_set_print(note_complaint);
	object = generate(&request.data, &plain);
	generate(&request.data, &hashed);
	if (plain.data_sz != hashed.data_sz || memcmp(plain.data, hashed.data, plain.data_sz) != 0)
		fail("gives two different loaders");

	msgpack_packer_init(&packer, stdout, msgpack_fbuffer_write);
	msgpack_pack_map(&packer, 5);
	pack_bytes(&packer, "plain", plain.insns, plain.insns_sz);
	pack_bytes(&packer, "hashed", hashed.insns, hashed.insns_sz);
	pack_bytes(&packer, "data", plain.data, plain.data_sz);
	pack_names(&packer, object);
	return fflush(stdout) == 0 ? 0 : 1;
}
