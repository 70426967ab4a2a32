// SPDX-License-Identifier: Apache-2.0
#include "channel.h"

#include <endian.h>
#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <zlib.h>

#include "clock.h"

static const uint8_t magic[4] = { 'B', 'P', 'F', 'G' };

/* Before hello the runner may not have opened the port yet: wait for it. */
#define UNBOUND_PATIENCE_MS 60000
#define WRITE_PATIENCE_MS 30000

struct header {
	uint8_t magic[4];
	uint32_t length;
	uint32_t crc;
	uint8_t nonce[CHANNEL_NONCE];
} __attribute__((packed));

static int64_t now_ms(void)
{
	return (int64_t)(clock_ns(CLOCK_MONOTONIC) / 1000000);
}

static uint32_t checksum(const uint8_t nonce[CHANNEL_NONCE], const void *payload, size_t length)
{
	uLong crc = crc32(crc32(0, Z_NULL, 0), nonce, CHANNEL_NONCE);

	/* For a NULL buffer zlib returns 0 instead of the unchanged sum. */
	if (length > 0)
		crc = crc32(crc, payload, length);
	return crc;
}

/* Reads exactly `length` bytes. False if the other end has closed. */
static bool read_all(struct channel *channel, void *into, size_t length)
{
	uint8_t *at = into;
	int64_t unbound_until = now_ms() + UNBOUND_PATIENCE_MS;

	while (length > 0) {
		struct pollfd wait = { .fd = channel->fd, .events = POLLIN };
		ssize_t got = read(channel->fd, at, length);

		if (got > 0) {
			at += got;
			length -= got;
			continue;
		}
		if (got == 0) {
			/* A virtio port that the host has not opened reads as end of file. */
			if (channel->bound || now_ms() > unbound_until)
				return false;
			pause_us(10000);
			continue;
		}
		if (errno != EAGAIN && errno != EINTR)
			return false;
		if (poll(&wait, 1, -1) < 0 && errno != EINTR)
			return false;
	}
	return true;
}

static bool write_all(struct channel *channel, const void *from, size_t length)
{
	const uint8_t *at = from;
	int64_t until = now_ms() + WRITE_PATIENCE_MS;

	while (length > 0) {
		struct pollfd wait = { .fd = channel->fd, .events = POLLOUT };
		ssize_t put = write(channel->fd, at, length);

		if (put > 0) {
			at += put;
			length -= put;
			until = now_ms() + WRITE_PATIENCE_MS;
			continue;
		}
		if (put < 0 && errno != EAGAIN && errno != EINTR)
			return false;
		if (now_ms() > until)
			return false;
		if (poll(&wait, 1, 1000) < 0 && errno != EINTR)
			return false;
		if (wait.revents & (POLLHUP | POLLERR)) {
			if (channel->bound)
				return false;
			pause_us(10000);
		}
	}
	return true;
}

enum channel_event channel_read(struct channel *channel, uint8_t **payload, uint32_t *length)
{
	struct header header;
	uint32_t size;

	if (!read_all(channel, &header, sizeof(header)))
		return CHANNEL_CLOSED;
	size = le32toh(header.length);
	if (memcmp(header.magic, magic, sizeof(magic)) != 0 || size > CHANNEL_MAX_PAYLOAD ||
	    memcmp(header.nonce, channel->nonce, CHANNEL_NONCE) != 0)
		return CHANNEL_BROKEN;
	*payload = malloc(size ? size : 1);
	if (!*payload)
		return CHANNEL_BROKEN;
	if (!read_all(channel, *payload, size)) {
		free(*payload);
		return CHANNEL_CLOSED;
	}
	if (checksum(header.nonce, *payload, size) != le32toh(header.crc)) {
		free(*payload);
		return CHANNEL_BROKEN;
	}
	*length = size;
	return CHANNEL_FRAME;
}

bool channel_write(struct channel *channel, const void *payload, size_t length)
{
	struct header header = { .length = htole32(length) };

	memcpy(header.magic, magic, sizeof(magic));
	memcpy(header.nonce, channel->nonce, CHANNEL_NONCE);
	header.crc = htole32(checksum(channel->nonce, payload, length));
	return write_all(channel, &header, sizeof(header)) && write_all(channel, payload, length);
}
