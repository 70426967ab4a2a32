// SPDX-License-Identifier: Apache-2.0
#ifndef BPFGATE_MODULES_H
#define BPFGATE_MODULES_H

#include "reply.h"

/* Loads /modules/NNN-name.ko of the initramfs in order. */
void modules_load_boot(void);

/* Packs the names of the modules loaded at boot. */
void modules_reply_loaded(struct reply *reply);

#endif
