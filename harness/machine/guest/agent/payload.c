// SPDX-License-Identifier: Apache-2.0
#include "payload.h"

#include <stddef.h>

/* The big-endian number of `bytes` bytes at `at`. */
static uint64_t number(const uint8_t *at, unsigned int bytes)
{
	uint64_t value = 0;

	for (unsigned int i = 0; i < bytes; i++)
		value = value << 8 | at[i];
	return value;
}

/* What the first byte of a value says (https://github.com/msgpack/msgpack/blob/master/spec.md). */
struct header {
	/* Bytes of the length behind the first byte, or of the number. */
	uint8_t width;
	/* How often the length counts: for bytes, elements of an array, or keys and values of a map. */
	uint8_t of_bytes, of_elements;
};

/* From 0xc0 to 0xdf; extensions and 0xc1 are not part of the protocol. */
static const struct header headers[32] = {
	[0x04] = { 1, 1, 0 }, [0x05] = { 2, 1, 0 }, [0x06] = { 4, 1, 0 }, /* bin */
	[0x0a] = { 4, 0, 0 }, [0x0b] = { 8, 0, 0 }, /* float */
	[0x0c] = { 1, 0, 0 }, [0x0d] = { 2, 0, 0 }, [0x0e] = { 4, 0, 0 }, [0x0f] = { 8, 0, 0 }, /* uint */
	[0x10] = { 1, 0, 0 }, [0x11] = { 2, 0, 0 }, [0x12] = { 4, 0, 0 }, [0x13] = { 8, 0, 0 }, /* int */
	[0x19] = { 1, 1, 0 }, [0x1a] = { 2, 1, 0 }, [0x1b] = { 4, 1, 0 }, /* str */
	[0x1c] = { 2, 0, 1 }, [0x1d] = { 4, 0, 1 }, /* array */
	[0x1e] = { 2, 0, 2 }, [0x1f] = { 4, 0, 2 }, /* map */
};

/* Whether all values that headers claim can be in the payload: each has at least one byte. */
static bool claims_hold(const uint8_t *payload, uint32_t length)
{
	uint64_t at = 0, values = 1;

	while (values > 0) {
		uint64_t size = 1, inside = 0;
		uint8_t type;

		if (values > length - at)
			return false;
		type = payload[at];
		if (type >= 0x80 && type <= 0x8f) {
			inside = 2 * (uint64_t)(type & 0x0f);
		} else if (type >= 0x90 && type <= 0x9f) {
			inside = type & 0x0f;
		} else if (type >= 0xa0 && type <= 0xbf) {
			size += type & 0x1f;
		} else if (type >= 0xc0 && type <= 0xdf) {
			const struct header *header = &headers[type - 0xc0];
			uint64_t said;

			/* All others are nil, false and true. */
			if (header->width == 0 && (type == 0xc1 || type > 0xc3))
				return false;
			if (header->width > length - at - 1)
				return false;
			said = number(payload + at + 1, header->width);
			size += header->width + said * header->of_bytes;
			inside = said * header->of_elements;
		}
		if (size > length - at)
			return false;
		at += size;
		values += inside - 1;
	}
	return at == length;
}

bool payload_decode(msgpack_unpacked *unpacked, const uint8_t *payload, uint32_t length)
{
	size_t end = 0;

	msgpack_unpacked_init(unpacked);
	return claims_hold(payload, length) &&
	       msgpack_unpack_next(unpacked, (const char *)payload, length, &end) == MSGPACK_UNPACK_SUCCESS && end == length;
}
