// SPDX-License-Identifier: Apache-2.0
#ifndef BPFGATE_KEY_H
#define BPFGATE_KEY_H

#include "args.h"

/* A key's serial number, or negative for one of KEY_SPEC_* (linux/keyctl.h). */
typedef int32_t key_serial;

key_serial key_argument(struct args *args, const char *key);

/* keyctl(2). */
long keyctl(int command, unsigned long a, unsigned long b, unsigned long c, unsigned long d);

/*
 * A session keyring of the agent's own, which what it runs inherits. Those that the kernel makes
 * when first used are made as well, so that nobody seems to have left them. Complains on the
 * console.
 */
void key_make_keyrings(void);

#endif
