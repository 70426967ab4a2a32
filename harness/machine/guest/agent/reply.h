// SPDX-License-Identifier: Apache-2.0
#ifndef BPFGATE_REPLY_H
#define BPFGATE_REPLY_H

#include <msgpack.h>
#include <stdbool.h>
#include <stdint.h>

/*
 * The answer to a request under construction. An operation packs one value, its result, or fails
 * the reply.
 */
struct reply {
	uint64_t id;
	msgpack_sbuffer buffer;
	msgpack_packer packer;
	bool failed;
	/* Offset of `ok` or `err` in the buffer. */
	size_t outcome;
};

void reply_init(struct reply *reply, uint64_t id);
void reply_free(struct reply *reply);

/* Replaces what was packed by `{id, err: {errno, what}}`. `error` is an errno of either sign. */
void reply_fail(struct reply *reply, int error, const char *format, ...) __attribute__((format(printf, 3, 4)));
/* An empty result; fails when `error` is not 0. */
void reply_done(struct reply *reply, int error, const char *format, ...) __attribute__((format(printf, 3, 4)));
/* As `reply_fail`, with `log`: libbpf's messages. */
void reply_fail_with_log(struct reply *reply, int error, const char *log, const char *format, ...)
	__attribute__((format(printf, 4, 5)));

/* Replaces what was packed by `ok` or `err` with this value. */
void reply_pass_on(struct reply *reply, const char *key, const msgpack_object *value);
/* Replaces what was packed by the outcome of another answer. */
void reply_copy(struct reply *reply, const struct reply *answer);

/* Packs the key `ok` or `err` of another answer and its value. */
void reply_answer(struct reply *reply, const struct reply *answer);

void reply_map(struct reply *reply, uint32_t keys);
void reply_array(struct reply *reply, uint32_t elements);
/* An array of unknown length; pass what this returns to `reply_array_end`. */
size_t reply_array_begin(struct reply *reply);
void reply_array_end(struct reply *reply, size_t at, uint32_t elements);
void reply_uint(struct reply *reply, uint64_t value);
void reply_int(struct reply *reply, int64_t value);
void reply_bool(struct reply *reply, bool value);
/* Replaces invalid bytes: MessagePack strings must be UTF-8. */
void reply_string(struct reply *reply, const char *text);
void reply_text(struct reply *reply, const char *text, size_t length);
void reply_bytes(struct reply *reply, const void *data, uint32_t length);

/* A key and its value. */
void reply_key(struct reply *reply, const char *key);
void reply_key_uint(struct reply *reply, const char *key, uint64_t value);
void reply_key_int(struct reply *reply, const char *key, int64_t value);
void reply_key_bool(struct reply *reply, const char *key, bool value);
void reply_key_string(struct reply *reply, const char *key, const char *text);
void reply_key_bytes(struct reply *reply, const char *key, const void *data, uint32_t length);

#endif
