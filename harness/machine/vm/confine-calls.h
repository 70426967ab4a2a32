/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <stdbool.h>

/* What is allowed of what is forbidden otherwise. */
struct confined_calls {
	bool sockets; /* new sockets */
	bool shared; /* mappings of memory that others see: MAP_SHARED of mmap(2) */
};

/*
 * Forbids system calls that no emulator needs, with EPERM (seccomp(2)). Returns 0, or -1 with
 * errno.
 */
int confine_calls(struct confined_calls allowed);
