// SPDX-License-Identifier: Apache-2.0
#ifndef BPFGATE_MNTNS_H
#define BPFGATE_MNTNS_H

#include "args.h"

/*
 * Calls `act` in the mount namespace whose handle is the argument `mntns`, or in the current one if
 * it is absent. 0 or a negative errno of `act`; -EBADF if there is no such handle.
 */
int mntns_do(struct args *args, int (*act)(void *context), void *context);

#endif
