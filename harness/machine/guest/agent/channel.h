// SPDX-License-Identifier: Apache-2.0
#ifndef BPFGATE_CHANNEL_H
#define BPFGATE_CHANNEL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define CHANNEL_NONCE 8
#define CHANNEL_MAX_PAYLOAD (64u << 20)

/* One end of the runner's channel (PROTOCOL.md). `fd` is non-blocking. */
struct channel {
	int fd;
	uint8_t nonce[CHANNEL_NONCE];
	/* The runner has sent hello: its nonce is in every frame, and the guest ends when it leaves. */
	bool bound;
};

enum channel_event {
	CHANNEL_FRAME,
	/* The other end has closed. */
	CHANNEL_CLOSED,
	/* What arrived is not a frame of this run. */
	CHANNEL_BROKEN,
};

/*
 * Waits for one frame. On CHANNEL_FRAME `*payload` holds `*length` bytes, which the caller frees.
 */
enum channel_event channel_read(struct channel *channel, uint8_t **payload, uint32_t *length);

/* Sends one frame. False if the other end has closed, or has read nothing for half a minute. */
bool channel_write(struct channel *channel, const void *payload, size_t length);

#endif
