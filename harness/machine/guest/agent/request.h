// SPDX-License-Identifier: Apache-2.0
#ifndef BPFGATE_REQUEST_H
#define BPFGATE_REQUEST_H

#include <sys/types.h>

#include "channel.h"
#include "reply.h"

/* The request that is being answered, as operations see it: its progress, and its channel. */

/* Starts the thread that watches long calls. */
void request_start_watch(void);

void request_begin(struct channel *channel, uint64_t id);

/* Sends the reply; no progress frame follows it. False if it cannot be sent. */
bool request_end(const struct reply *reply);

/* fork(2) while the watching thread holds no lock. The child has no watching thread. */
pid_t request_fork(void);

/*
 * Operations call this after each step of their work: sends a progress frame if the last one, or
 * the request, is a second old.
 */
void request_progress(void);

/*
 * Put these around a system call that may take minutes without visible steps (BPF_PROG_LOAD of a
 * large program under emulation): its processor time counts as progress, for at most five minutes.
 */
void request_enter_call(void);
void request_leave_call(void);

/* Sets the nonce of all further frames. False if it was already set. */
bool request_bind(const uint8_t nonce[CHANNEL_NONCE]);

/* Writes raw bytes, for `misbehave`. */
void request_rubbish(const void *data, size_t length);

#endif
