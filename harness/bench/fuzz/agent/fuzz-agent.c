// SPDX-License-Identifier: Apache-2.0
/*
 * libFuzzer target of the agent's decoder: frames, MessagePack, arguments, replies. Operations are
 * replaced by one that asks for each argument in each way; it must refuse the argument, or get a
 * value within the bounds that it named.
 *
 * The first byte of an input chooses: even, the rest is bytes of the channel; odd, it is payloads,
 * each with its length in two bytes, that get right frames. Payloads end before a page without
 * access, since libmsgpackc itself is not instrumented.
 */
#define _GNU_SOURCE
#include <msgpack.h>
#include <pthread.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>
#include <zlib.h>

#include "channel.h"
#include "operation.h"
#include "request.h"
#include "serve.h"

#define PAGE 4096ul

static void require(bool holds)
{
	if (!holds)
		abort();
}

/* malloc and free of channel.c and serve.c: the last byte is followed by a page without access. */
void *fuzz_malloc(size_t size)
{
	size_t pages = (size + PAGE - 1) / PAGE * PAGE + PAGE;
	uint8_t *base = mmap(NULL, pages + PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (base == MAP_FAILED)
		return NULL;
	require(mprotect(base + pages, PAGE, PROT_NONE) == 0);
	*(size_t *)base = pages + PAGE;
	return base + pages - size;
}

void fuzz_free(void *data)
{
	uint8_t *base;

	if (!data)
		return;
	/* The page before the data's first one holds the length of all. */
	base = (uint8_t *)((uintptr_t)data / PAGE * PAGE) - PAGE;
	munmap(base, *(size_t *)base);
}

/* What the agent answers must be one whole value. */
bool __wrap_channel_write(struct channel *channel, const void *payload, size_t length)
{
	msgpack_unpacked unpacked;
	size_t end = 0;

	(void)channel;
	msgpack_unpacked_init(&unpacked);
	require(msgpack_unpack_next(&unpacked, payload, length, &end) == MSGPACK_UNPACK_SUCCESS && end == length);
	require(unpacked.data.type == MSGPACK_OBJECT_MAP);
	msgpack_unpacked_destroy(&unpacked);
	return true;
}

static volatile uint64_t sink;

static void read_bytes(struct bytes bytes, uint32_t max)
{
	require(bytes.length <= max);
	for (uint32_t i = 0; i < bytes.length; i++)
		sink += bytes.data[i];
}

static void ask(struct args *args, const char *key, int depth)
{
	uint32_t count;
	const char *text;
	struct args inner;

	require(args_uint_or(args, key, 100, 7) <= 100);
	require(args_int_or(args, key, -5, 5, 0) >= -5);
	sink += args_bool_or(args, key, false);
	text = args_string_or_null(args, key);
	if (text)
		sink += strlen(text);
	read_bytes(args_bytes_or_none(args, key, 64), 64);
	count = args_count_or_none(args, key, 16);
	require(count <= 16);
	for (uint32_t i = 0; i < count; i++) {
		require(args_uint_at(args, key, i, 9) <= 9);
		sink += strlen(args_string_at(args, key, i));
		read_bytes(args_bytes_at(args, key, i, 8), 8);
		inner = args_element(args, key, i);
		if (depth < 3)
			ask(&inner, "a", depth + 1);
	}
	inner = args_map_or_none(args, key);
	if (depth < 3)
		ask(&inner, "a", depth + 1);
}

void operation_run(const char *name, struct args *args, struct reply *reply)
{
	static const char *const keys[] = { "a", "b", "user", "" };
	/* Each way alone: the first complaint of all would hide the others. */
	char complaint[160] = "";
	struct args fresh = *args;

	fresh.complaint = complaint;
	for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++) {
		complaint[0] = '\0';
		ask(&fresh, keys[i], 0);
	}
	if (args_has(args, "b")) {
		sink += args_uint(args, "b", UINT64_MAX);
		sink += (uint64_t)args_int(args, "b", INT32_MIN, INT32_MAX);
		sink += strlen(args_string(args, "b"));
	}
	if (!args_valid(args)) {
		reply_fail(reply, 22, "%s: %s", name, args->complaint);
		return;
	}
	reply_map(reply, 1);
	reply_key_uint(reply, "n", sink);
}

static int channel_with(const uint8_t *data, size_t size)
{
	int fd = memfd_create("fuzz", 0);

	require(fd >= 0 && write(fd, data, size) == (ssize_t)size && lseek(fd, 0, SEEK_SET) == 0);
	return fd;
}

static size_t frame(uint8_t *into, const uint8_t *payload, uint32_t length)
{
	static const uint8_t nonce[CHANNEL_NONCE];
	uint32_t crc = (uint32_t)crc32(crc32(0, Z_NULL, 0), nonce, sizeof(nonce));

	if (length > 0)
		crc = (uint32_t)crc32(crc, payload, length);
	memcpy(into, "BPFG", 4);
	memcpy(into + 4, &length, 4);
	memcpy(into + 8, &crc, 4);
	memset(into + 12, 0, sizeof(nonce));
	memcpy(into + 20, payload, length);
	return 20 + length;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	/* Bound: the end of the input is the end of the channel. */
	struct channel channel = { .bound = true };
	bool framed;

	if (size == 0)
		return 0;
	framed = data[0] & 1;
	data++;
	size--;
	if (framed) {
		uint8_t *frames = malloc(size * 21 + 32);
		size_t used = 0;

		require(frames != NULL);
		while (size >= 2) {
			uint32_t length = data[0] | (uint32_t)data[1] << 8;

			data += 2;
			size -= 2;
			if (length > size)
				length = (uint32_t)size;
			used += frame(frames + used, data, length);
			data += length;
			size -= length;
		}
		channel.fd = channel_with(frames, used);
		free(frames);
	} else {
		channel.fd = channel_with(data, size);
	}
	serve_user(&channel);
	close(channel.fd);
	return 0;
}
