// SPDX-License-Identifier: Apache-2.0
#ifndef BPFGATE_INVENTORY_BPF_H
#define BPFGATE_INVENTORY_BPF_H

#include "reply.h"

/* Notes how many BPF objects the kernel has of its own, before anything was loaded. */
void inventory_note_floor(void);

/*
 * The kernel frees what a closed program used after an RCU grace period. Waits until there is no
 * more than at boot, of keys too, or until nothing has changed for half a second; two seconds at
 * most. Trampolines need the longest: they wait for RCU tasks.
 */
void inventory_settle(void);

/* Packs the keys `programs`, `maps`, `links` and `btfs`. */
void inventory_reply_bpf(struct reply *reply);

#endif
