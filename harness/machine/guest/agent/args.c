// SPDX-License-Identifier: Apache-2.0
#include "args.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

static const msgpack_object none = { .type = MSGPACK_OBJECT_NIL };

void args_complain(struct args *args, const char *key, const char *reason, ...)
{
	va_list values;
	int length;

	if (args->complaint[0] != '\0')
		return;
	length = snprintf(args->complaint, args->complaint_size, "argument %.64s ", key);
	va_start(values, reason);
	vsnprintf(args->complaint + length, args->complaint_size - length, reason, values);
	va_end(values);
}

bool args_valid(const struct args *args)
{
	return args->complaint[0] == '\0';
}

const msgpack_object *args_get(const struct args *args, const char *key)
{
	size_t length = strlen(key);

	if (!args->map || args->map->type != MSGPACK_OBJECT_MAP)
		return NULL;
	for (uint32_t i = 0; i < args->map->via.map.size; i++) {
		const msgpack_object_kv *kv = &args->map->via.map.ptr[i];

		if (kv->key.type == MSGPACK_OBJECT_STR && kv->key.via.str.size == length &&
		    memcmp(kv->key.via.str.ptr, key, length) == 0)
			return kv->val.type == MSGPACK_OBJECT_NIL ? NULL : &kv->val;
	}
	return NULL;
}

bool args_has(const struct args *args, const char *key)
{
	return args_get(args, key) != NULL;
}

static const msgpack_object *require(struct args *args, const char *key)
{
	const msgpack_object *value = args_get(args, key);

	if (value)
		return value;
	args_complain(args, key, "is missing");
	return &none;
}

/* Element `index` of an array whose elements have been counted. */
static const msgpack_object *at(struct args *args, const char *key, uint32_t index)
{
	const msgpack_object *element = &args_get(args, key)->via.array.ptr[index];

	if (element->type == MSGPACK_OBJECT_NIL)
		args_complain(args, key, "has an element that is nil");
	return element;
}

static const char *string_of(struct args *args, const char *key, const msgpack_object *value)
{
	char *copy;

	if (value->type == MSGPACK_OBJECT_NIL)
		return "";
	if (value->type != MSGPACK_OBJECT_STR || memchr(value->via.str.ptr, '\0', value->via.str.size)) {
		args_complain(args, key, "is not a string");
		return "";
	}
	copy = msgpack_zone_malloc(args->zone, (size_t)value->via.str.size + 1);
	if (!copy) {
		args_complain(args, key, "does not fit into memory");
		return "";
	}
	memcpy(copy, value->via.str.ptr, value->via.str.size);
	copy[value->via.str.size] = '\0';
	return copy;
}

const char *args_string(struct args *args, const char *key)
{
	return string_of(args, key, require(args, key));
}

const char *args_string_or_null(struct args *args, const char *key)
{
	const msgpack_object *value = args_get(args, key);

	return value ? string_of(args, key, value) : NULL;
}

static uint64_t uint_of(struct args *args, const char *key, const msgpack_object *value, uint64_t max)
{
	if (value->type == MSGPACK_OBJECT_NIL)
		return 0;
	if (value->type != MSGPACK_OBJECT_POSITIVE_INTEGER || value->via.u64 > max) {
		args_complain(args, key, "is not an integer from 0 to %" PRIu64, max);
		return 0;
	}
	return value->via.u64;
}

uint64_t args_uint(struct args *args, const char *key, uint64_t max)
{
	return uint_of(args, key, require(args, key), max);
}

uint64_t args_uint_or(struct args *args, const char *key, uint64_t max, uint64_t absent)
{
	const msgpack_object *value = args_get(args, key);

	return value ? uint_of(args, key, value, max) : absent;
}

static int32_t int_of(struct args *args, const char *key, const msgpack_object *value, int32_t min, int32_t max)
{
	bool negative = value->type == MSGPACK_OBJECT_NEGATIVE_INTEGER;

	if (value->type == MSGPACK_OBJECT_NIL)
		return 0;
	if (negative ? value->via.i64 < min : value->type != MSGPACK_OBJECT_POSITIVE_INTEGER || value->via.u64 > (uint64_t)max) {
		args_complain(args, key, "is not an integer from %d to %d", min, max);
		return 0;
	}
	return (int32_t)value->via.i64;
}

int32_t args_int(struct args *args, const char *key, int32_t min, int32_t max)
{
	return int_of(args, key, require(args, key), min, max);
}

int32_t args_int_or(struct args *args, const char *key, int32_t min, int32_t max, int32_t absent)
{
	const msgpack_object *value = args_get(args, key);

	return value ? int_of(args, key, value, min, max) : absent;
}

bool args_bool_or(struct args *args, const char *key, bool absent)
{
	const msgpack_object *value = args_get(args, key);

	if (!value)
		return absent;
	if (value->type != MSGPACK_OBJECT_BOOLEAN) {
		args_complain(args, key, "is not a boolean");
		return absent;
	}
	return value->via.boolean;
}

static struct bytes bytes_of(struct args *args, const char *key, const msgpack_object *value, uint32_t max)
{
	if (value->type == MSGPACK_OBJECT_NIL)
		return (struct bytes){ 0 };
	if (value->type != MSGPACK_OBJECT_BIN || value->via.bin.size > max) {
		args_complain(args, key, "is not a byte string of at most %u bytes", max);
		return (struct bytes){ 0 };
	}
	return (struct bytes){ .data = (const uint8_t *)value->via.bin.ptr, .length = value->via.bin.size };
}

struct bytes args_bytes(struct args *args, const char *key, uint32_t max)
{
	return bytes_of(args, key, require(args, key), max);
}

struct bytes args_bytes_or_none(struct args *args, const char *key, uint32_t max)
{
	const msgpack_object *value = args_get(args, key);

	return bytes_of(args, key, value ? value : &none, max);
}

struct bytes args_bytes_at(struct args *args, const char *key, uint32_t index, uint32_t max)
{
	return bytes_of(args, key, at(args, key, index), max);
}

static uint32_t count_of(struct args *args, const char *key, const msgpack_object *value, uint32_t max)
{
	if (value->type == MSGPACK_OBJECT_NIL)
		return 0;
	if (value->type != MSGPACK_OBJECT_ARRAY || value->via.array.size > max) {
		args_complain(args, key, "is not an array of at most %u elements", max);
		return 0;
	}
	return value->via.array.size;
}

uint32_t args_count(struct args *args, const char *key, uint32_t max)
{
	return count_of(args, key, require(args, key), max);
}

uint32_t args_count_or_none(struct args *args, const char *key, uint32_t max)
{
	const msgpack_object *value = args_get(args, key);

	return count_of(args, key, value ? value : &none, max);
}

static struct args map_of(struct args *args, const char *key, const msgpack_object *value)
{
	struct args inner = *args;

	inner.map = value;
	if (value->type == MSGPACK_OBJECT_MAP)
		return inner;
	if (value->type != MSGPACK_OBJECT_NIL)
		args_complain(args, key, "is not a map");
	inner.map = NULL;
	return inner;
}

struct args args_element(struct args *args, const char *key, uint32_t index)
{
	return map_of(args, key, at(args, key, index));
}

struct args args_map(struct args *args, const char *key)
{
	return map_of(args, key, require(args, key));
}

struct args args_map_or_none(struct args *args, const char *key)
{
	const msgpack_object *value = args_get(args, key);

	return map_of(args, key, value ? value : &none);
}

uint64_t args_uint_at(struct args *args, const char *key, uint32_t index, uint64_t max)
{
	return uint_of(args, key, at(args, key, index), max);
}

const char *args_string_at(struct args *args, const char *key, uint32_t index)
{
	return string_of(args, key, at(args, key, index));
}
