/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WATCH_H
#define WATCH_H

#include "options.h"
#include "text.h"

/*
 * Watches until the process ends.
 * @param guardian_end of guardian_start()
 * @param ready called when all signals are armed
 */
int watch(const struct options *options, struct watched *watched, int guardian_end, void (*ready)(void));

#endif
