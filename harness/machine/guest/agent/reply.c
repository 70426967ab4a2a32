// SPDX-License-Identifier: Apache-2.0
#include "reply.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "memory.h"

static void begin(struct reply *reply)
{
	msgpack_sbuffer_clear(&reply->buffer);
	msgpack_packer_init(&reply->packer, &reply->buffer, msgpack_sbuffer_write);
	reply_map(reply, 2);
	reply_key_uint(reply, "id", reply->id);
	reply->outcome = reply->buffer.size;
}

void reply_init(struct reply *reply, uint64_t id)
{
	*reply = (struct reply){ .id = id };
	msgpack_sbuffer_init(&reply->buffer);
	begin(reply);
	reply_key(reply, "ok");
}

void reply_free(struct reply *reply)
{
	msgpack_sbuffer_destroy(&reply->buffer);
}

void reply_answer(struct reply *reply, const struct reply *answer)
{
	msgpack_sbuffer_write(&reply->buffer, answer->buffer.data + answer->outcome,
			      answer->buffer.size - answer->outcome);
}

void reply_pass_on(struct reply *reply, const char *key, const msgpack_object *value)
{
	begin(reply);
	reply->failed = strcmp(key, "err") == 0;
	reply_key(reply, key);
	msgpack_pack_object(&reply->packer, *value);
}

void reply_copy(struct reply *reply, const struct reply *answer)
{
	begin(reply);
	reply->failed = answer->failed;
	reply_answer(reply, answer);
}

static void fail(struct reply *reply, int error, const char *log, const char *format, va_list arguments)
{
	char what[1024];

	vsnprintf(what, sizeof(what), format, arguments);
	reply->failed = true;
	begin(reply);
	reply_key(reply, "err");
	reply_map(reply, log ? 3 : 2);
	reply_key_uint(reply, "errno", error < 0 ? -error : error);
	reply_key_string(reply, "what", what);
	if (log)
		reply_key_string(reply, "log", log);
}

void reply_fail(struct reply *reply, int error, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	fail(reply, error, NULL, format, arguments);
	va_end(arguments);
}

void reply_done(struct reply *reply, int error, const char *format, ...)
{
	va_list arguments;

	if (!error) {
		reply_map(reply, 0);
		return;
	}
	va_start(arguments, format);
	fail(reply, error, NULL, format, arguments);
	va_end(arguments);
}

void reply_fail_with_log(struct reply *reply, int error, const char *log, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	fail(reply, error, log, format, arguments);
	va_end(arguments);
}

void reply_map(struct reply *reply, uint32_t keys)
{
	msgpack_pack_map(&reply->packer, keys);
}

void reply_array(struct reply *reply, uint32_t elements)
{
	msgpack_pack_array(&reply->packer, elements);
}

size_t reply_array_begin(struct reply *reply)
{
	static const char array32[5] = { (char)0xdd };

	msgpack_sbuffer_write(&reply->buffer, array32, sizeof(array32));
	return reply->buffer.size;
}

void reply_array_end(struct reply *reply, size_t at, uint32_t elements)
{
	for (int i = 1; i <= 4; i++, elements >>= 8)
		reply->buffer.data[at - i] = (char)elements;
}

void reply_uint(struct reply *reply, uint64_t value)
{
	msgpack_pack_uint64(&reply->packer, value);
}

void reply_int(struct reply *reply, int64_t value)
{
	msgpack_pack_int64(&reply->packer, value);
}

void reply_bool(struct reply *reply, bool value)
{
	if (value)
		msgpack_pack_true(&reply->packer);
	else
		msgpack_pack_false(&reply->packer);
}

/* Length of the UTF-8 sequence at `at`, 0 if it is invalid (RFC 3629). */
static size_t utf8_sequence(const uint8_t *at, size_t left)
{
	size_t length = at[0] < 0x80 ? 1 : (at[0] & 0xe0) == 0xc0 ? 2 : (at[0] & 0xf0) == 0xe0 ? 3 : 4;
	uint32_t point;

	if (length == 1)
		return 1;
	if (length > left || at[0] < 0xc2 || at[0] > 0xf4)
		return 0;
	point = at[0] & (0x7f >> length);
	for (size_t i = 1; i < length; i++) {
		if ((at[i] & 0xc0) != 0x80)
			return 0;
		point = point << 6 | (at[i] & 0x3f);
	}
	if ((length == 3 && point < 0x800) || (length == 4 && (point < 0x10000 || point > 0x10ffff)) ||
	    (point >= 0xd800 && point < 0xe000))
		return 0;
	return length;
}

void reply_text(struct reply *reply, const char *text, size_t length)
{
	char *copy;

	msgpack_pack_str(&reply->packer, length);
	copy = memory_copy(text, length);
	for (size_t i = 0; i < length;) {
		size_t sequence = utf8_sequence((const uint8_t *)copy + i, length - i);

		if (sequence == 0)
			copy[i] = '?';
		i += sequence ? sequence : 1;
	}
	msgpack_pack_str_body(&reply->packer, copy, length);
	free(copy);
}

void reply_string(struct reply *reply, const char *text)
{
	reply_text(reply, text, strlen(text));
}

void reply_bytes(struct reply *reply, const void *data, uint32_t length)
{
	msgpack_pack_bin(&reply->packer, length);
	msgpack_pack_bin_body(&reply->packer, data, length);
}

void reply_key(struct reply *reply, const char *key)
{
	size_t length = strlen(key);

	msgpack_pack_str(&reply->packer, length);
	msgpack_pack_str_body(&reply->packer, key, length);
}

void reply_key_uint(struct reply *reply, const char *key, uint64_t value)
{
	reply_key(reply, key);
	reply_uint(reply, value);
}

void reply_key_int(struct reply *reply, const char *key, int64_t value)
{
	reply_key(reply, key);
	reply_int(reply, value);
}

void reply_key_bool(struct reply *reply, const char *key, bool value)
{
	reply_key(reply, key);
	reply_bool(reply, value);
}

void reply_key_string(struct reply *reply, const char *key, const char *text)
{
	reply_key(reply, key);
	reply_string(reply, text);
}

void reply_key_bytes(struct reply *reply, const char *key, const void *data, uint32_t length)
{
	reply_key(reply, key);
	reply_bytes(reply, data, length);
}
