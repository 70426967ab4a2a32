// SPDX-License-Identifier: Apache-2.0
#ifndef BPFGATE_SEQUENCE_H
#define BPFGATE_SEQUENCE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * Which numbered packets arrived: how many times each of the first `expected`, and how many packets
 * have no number or a larger one.
 */
struct sequence {
	uint8_t *seen;
	uint32_t expected;
	uint32_t arrived;
	uint32_t repeated;
	uint32_t others;
};

/* Counts a packet: its number is the 32 bits in network order that follow `marker`. */
void sequence_note(struct sequence *sequence, const uint8_t *packet, size_t length, const uint8_t *marker,
		   size_t marker_length);

#endif
