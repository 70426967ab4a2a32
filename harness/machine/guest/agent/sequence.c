// SPDX-License-Identifier: Apache-2.0
#define _GNU_SOURCE
#include "sequence.h"

#include <arpa/inet.h>
#include <string.h>

void sequence_note(struct sequence *sequence, const uint8_t *packet, size_t length, const uint8_t *marker,
		   size_t marker_length)
{
	const uint8_t *at = memmem(packet, length, marker, marker_length);
	uint32_t number = UINT32_MAX;

	if (at && (size_t)(packet + length - at) >= marker_length + sizeof(number)) {
		memcpy(&number, at + marker_length, sizeof(number));
		number = ntohl(number);
	}
	if (number >= sequence->expected) {
		sequence->others++;
		return;
	}
	if (sequence->seen[number]++)
		sequence->repeated++;
	else
		sequence->arrived++;
	if (sequence->seen[number] == 0)
		sequence->seen[number] = UINT8_MAX;
}
