// SPDX-License-Identifier: Apache-2.0
#ifndef BPFGATE_CAPABILITY_H
#define BPFGATE_CAPABILITY_H

#include <stdint.h>

/* In a set of capabilities bit n stands for capability n of linux/capability.h. */

/* The number of a name like `CAP_BPF`; -1 for an unknown name. */
int capability_number(const char *name);

/* The permitted set of the calling process. */
uint64_t capability_permitted(void);

/*
 * Sets the permitted, effective and inheritable sets of the calling process. 0 or a negative errno.
 */
int capability_hold(uint64_t set);

/*
 * The same permanently: also programs that the process executes get exactly this set, whatever
 * their user. Needs CAP_SETPCAP. 0 or a negative errno.
 */
int capability_confine(uint64_t set);

#endif
