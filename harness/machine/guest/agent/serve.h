// SPDX-License-Identifier: Apache-2.0
#ifndef BPFGATE_SERVE_H
#define BPFGATE_SERVE_H

#include <sys/types.h>

#include "channel.h"

/* Starts the thread that watches long calls. */
void serve_start_watch(void);

/* Answers requests on the channel until it is closed or broken. */
void serve(struct channel *channel);

/* The same in the process of a user; does not report the end. */
void serve_user(struct channel *channel);

/* fork(2) while the watching thread holds no lock. The child has no watching thread. */
pid_t serve_fork(void);

/* Sends `{id: 0, ok: {ready: true}}`. False if it cannot be sent. */
bool serve_ready(struct channel *channel);

/*
 * Operations call this after each step of their work: sends a progress frame if the last one, or
 * the request, is a second old.
 */
void serve_progress(void);

/*
 * Put these around a system call that may take minutes without visible steps (BPF_PROG_LOAD of a
 * large program under emulation): its processor time counts as progress, for at most five minutes.
 */
void serve_enter_call(void);
void serve_leave_call(void);

/* Sets the nonce of all further frames. False if it was already set. */
bool serve_bind(const uint8_t nonce[CHANNEL_NONCE]);

/* Writes raw bytes, for `misbehave`. */
void serve_rubbish(const void *data, size_t length);

#endif
