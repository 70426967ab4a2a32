// SPDX-License-Identifier: Apache-2.0
#ifndef BPFGATE_ARGS_H
#define BPFGATE_ARGS_H

#include <msgpack.h>
#include <stdbool.h>
#include <stdint.h>

/*
 * The MessagePack map of a request, and the first complaint about it. Every getter records its
 * complaint there and returns a zero value, so an operation reads all its arguments and then checks
 * once.
 */
struct args {
	const msgpack_object *map;
	msgpack_zone *zone;
	char *complaint;
	size_t complaint_size;
};

struct bytes {
	const uint8_t *data;
	uint32_t length;
};

/* The value under `key`, or NULL. */
const msgpack_object *args_get(const struct args *args, const char *key);
bool args_has(const struct args *args, const char *key);

/*
 * A string that ends with NUL (one that contains NUL is refused); it lives as long as the request.
 */
const char *args_string(struct args *args, const char *key);
/* As above, or NULL when the key is absent. */
const char *args_string_or_null(struct args *args, const char *key);
uint64_t args_uint(struct args *args, const char *key, uint64_t max);
uint64_t args_uint_or(struct args *args, const char *key, uint64_t max, uint64_t absent);
int32_t args_int(struct args *args, const char *key, int32_t min, int32_t max);
int32_t args_int_or(struct args *args, const char *key, int32_t min, int32_t max, int32_t absent);
bool args_bool_or(struct args *args, const char *key, bool absent);
/* A byte string of at most `max` bytes. */
struct bytes args_bytes(struct args *args, const char *key, uint32_t max);
/* As above; no data when the key is absent. */
struct bytes args_bytes_or_none(struct args *args, const char *key, uint32_t max);
/* Element `index` of an array of byte strings. */
struct bytes args_bytes_at(struct args *args, const char *key, uint32_t index, uint32_t max);
/* Number of elements of an array: at most `max`. */
uint32_t args_count(struct args *args, const char *key, uint32_t max);
/* As above; 0 when the key is absent. */
uint32_t args_count_or_none(struct args *args, const char *key, uint32_t max);
/* Element `index` of an array of maps, as separate arguments. */
struct args args_element(struct args *args, const char *key, uint32_t index);
/* The map under `key`, as separate arguments. */
struct args args_map(struct args *args, const char *key);
/* As above; `map` is NULL when the key is absent. */
struct args args_map_or_none(struct args *args, const char *key);
/* Element `index` of an array of unsigned integers. */
uint64_t args_uint_at(struct args *args, const char *key, uint32_t index, uint64_t max);

/* Element `index` of an array of strings. */
const char *args_string_at(struct args *args, const char *key, uint32_t index);

/* Records that argument `key` is wrong, unless something was wrong before. `reason` is a format. */
void args_complain(struct args *args, const char *key, const char *reason, ...) __attribute__((format(printf, 3, 4)));
bool args_valid(const struct args *args);

#endif
