// SPDX-License-Identifier: Apache-2.0
#ifndef BPFGATE_SERVE_H
#define BPFGATE_SERVE_H

#include "channel.h"

/* Answers requests on the channel until it is closed or broken. */
void serve(struct channel *channel);

/* The same in the process of a user; does not report the end. */
void serve_user(struct channel *channel);

/* Sends `{id: 0, ok: {ready: true}}`. False if it cannot be sent. */
bool serve_ready(struct channel *channel);

#endif
