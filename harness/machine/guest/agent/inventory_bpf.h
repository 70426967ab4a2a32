// SPDX-License-Identifier: Apache-2.0
#ifndef BPFGATE_INVENTORY_BPF_H
#define BPFGATE_INVENTORY_BPF_H

#include "reply.h"

/* Stores how many BPF objects and keys exist before anything is loaded. */
void inventory_note_floor(void);

/*
 * The kernel frees what a closed program used after an RCU grace period. Waits until there are as
 * many BPF objects and keys as at boot, or nothing has changed for half a second; at most two
 * seconds. Trampolines take longest: they wait for RCU tasks.
 */
void inventory_settle(void);

/* Packs the keys `programs`, `maps`, `links` and `btfs`. */
void inventory_reply_bpf(struct reply *reply);

#endif
