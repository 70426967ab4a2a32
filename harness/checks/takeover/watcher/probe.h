/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PROBE_H
#define PROBE_H

#include <stdbool.h>

#include "collect.h"
#include "event.h"
#include "text.h"

/*
 * Loads and attaches the BPF part and adds its ids to `watched`. `blind`: JSON strings of what it
 * cannot see on this kernel.
 */
bool probe_start(struct watched *watched, struct text *blind, void (*take)(const struct event *));
/* For poll(); -1 without a probe. */
int probe_epoll_fd(void);
/* Hands over the events that came. */
void probe_drain(void);
/* Events that did not fit since the last call. */
unsigned long long probe_lost(void);
/* Whether the watcher's own calls are still counted. */
bool probe_alive(void);

#endif
