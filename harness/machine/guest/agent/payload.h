// SPDX-License-Identifier: Apache-2.0
#ifndef BPFGATE_PAYLOAD_H
#define BPFGATE_PAYLOAD_H

#include <msgpack.h>
#include <stdbool.h>
#include <stdint.h>

/*
 * Decodes a payload that is exactly one value. libmsgpackc allocates what a header claims, so the
 * headers are compared with the bytes that follow first. The caller destroys `unpacked` in either
 * case.
 */
bool payload_decode(msgpack_unpacked *unpacked, const uint8_t *payload, uint32_t length);

#endif
