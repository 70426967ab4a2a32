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
 * Creates a session keyring, which all processes of the guest inherit, and the keyrings that the
 * kernel creates on first use, so that those do not count as left over. Failures go to the console.
 */
void key_make_keyrings(void);

#endif
