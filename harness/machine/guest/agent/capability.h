// SPDX-License-Identifier: Apache-2.0
#ifndef BPFGATE_CAPABILITY_H
#define BPFGATE_CAPABILITY_H

#include <stdint.h>

/* Sets of capabilities have bit n for the capability n of linux/capability.h. */

/* The number of `CAP_BPF` and so on, -1 for no such name. */
int capability_number(const char *name);

/* Those that the calling process is permitted. */
uint64_t capability_permitted(void);

/*
 * Makes them those permitted, effective and inheritable of the calling process. 0 or a negative
 * errno.
 */
int capability_hold(uint64_t set);

/*
 * The same, for ever: no program that the process executes gets others, and whoever it is, it gets
 * these. Needs CAP_SETPCAP. 0 or a negative errno.
 */
int capability_confine(uint64_t set);

#endif
