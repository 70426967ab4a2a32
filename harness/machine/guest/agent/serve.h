// SPDX-License-Identifier: Apache-2.0
#ifndef BPFGATE_SERVE_H
#define BPFGATE_SERVE_H

#include <sys/types.h>

#include "channel.h"

/* Starts the thread that watches long calls. */
void serve_start_watch(void);

/* Answers requests on the channel until it is closed or broken. */
void serve(struct channel *channel);

/* The same for a user: nothing is said of the end. */
void serve_user(struct channel *channel);

/* fork(2) while the watching thread is at rest, which is not there in the child. */
pid_t serve_fork(void);

/* Says `{id: 0, ok: {ready: true}}`. False when nobody takes it. */
bool serve_ready(struct channel *channel);

/*
 * To be called by an operation each time that a piece of its work is done: sends a progress frame
 * when the last one, or the request, is a second old.
 */
void serve_progress(void);

/*
 * Around one system call that may work for minutes with nothing to see of it (BPF_PROG_LOAD of a
 * large program, under emulation): the processor time that it takes counts as progress, for five
 * minutes at most.
 */
void serve_enter_call(void);
void serve_leave_call(void);

/* Makes `nonce` the one of every frame from here on. False when one was set before. */
bool serve_bind(const uint8_t nonce[CHANNEL_NONCE]);

/* Writes bytes as they are, for `misbehave`. */
void serve_rubbish(const void *data, size_t length);

#endif
