// SPDX-License-Identifier: Apache-2.0
#include "args.h"

#include <stdio.h>
#include <string.h>

static const msgpack_object none = { .type = MSGPACK_OBJECT_NIL };

void args_complain(struct args *args, const char *key, const char *reason)
{
	if (args->complaint[0] == '\0')
		snprintf(args->complaint, args->complaint_size, "argument %s %s", key, reason);
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
		args_complain(args, key, "is no integer of its range");
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

int64_t args_int_or(struct args *args, const char *key, int64_t absent)
{
	const msgpack_object *value = args_get(args, key);

	if (!value)
		return absent;
	if (value->type == MSGPACK_OBJECT_NEGATIVE_INTEGER)
		return value->via.i64;
	return (int64_t)uint_of(args, key, value, INT64_MAX);
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

static struct bytes bytes_of(struct args *args, const char *key, const msgpack_object *value)
{
	struct bytes bytes = { 0 };

	if (value->type == MSGPACK_OBJECT_BIN) {
		bytes.data = (const uint8_t *)value->via.bin.ptr;
		bytes.length = value->via.bin.size;
	} else {
		args_complain(args, key, "is not a byte string");
	}
	return bytes;
}

struct bytes args_bytes(struct args *args, const char *key)
{
	return bytes_of(args, key, require(args, key));
}

struct bytes args_bytes_or_none(struct args *args, const char *key)
{
	const msgpack_object *value = args_get(args, key);

	return value ? bytes_of(args, key, value) : (struct bytes){ 0 };
}

struct bytes args_bytes_at(struct args *args, const char *key, uint32_t index)
{
	return bytes_of(args, key, &args_get(args, key)->via.array.ptr[index]);
}

uint32_t args_count(struct args *args, const char *key)
{
	const msgpack_object *value = args_get(args, key);

	if (!value)
		return 0;
	if (value->type != MSGPACK_OBJECT_ARRAY) {
		args_complain(args, key, "is not an array");
		return 0;
	}
	return value->via.array.size;
}

struct args args_element(struct args *args, const char *key, uint32_t index)
{
	struct args element = *args;
	const msgpack_object *value = args_get(args, key);

	element.map = &value->via.array.ptr[index];
	if (element.map->type != MSGPACK_OBJECT_MAP)
		args_complain(args, key, "has an element that is no map");
	return element;
}

struct args args_map(struct args *args, const char *key)
{
	struct args inner = *args;

	inner.map = args_get(args, key);
	if (inner.map && inner.map->type != MSGPACK_OBJECT_MAP) {
		args_complain(args, key, "is not a map");
		inner.map = NULL;
	}
	return inner;
}

uint64_t args_uint_at(struct args *args, const char *key, uint32_t index, uint64_t max)
{
	return uint_of(args, key, &args_get(args, key)->via.array.ptr[index], max);
}

const char *args_string_at(struct args *args, const char *key, uint32_t index)
{
	return string_of(args, key, &args_get(args, key)->via.array.ptr[index]);
}
