// SPDX-License-Identifier: Apache-2.0
#ifndef BPFGATE_MNTNS_H
#define BPFGATE_MNTNS_H

#include "args.h"

/*
 * Does something in the mount namespace that the argument `mntns`, a handle, names; in the caller's
 * when it is absent. `act` gives 0 or a negative errno, as this does; -EBADF when there is no such
 * handle.
 */
int mntns_do(struct args *args, int (*act)(void *context), void *context);

#endif
