/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BASELINE_H
#define BASELINE_H

#include "snapshot.h"

/* One JSON object a line. 0, or -1 with one line on standard error. */
int baseline_write(const char *path, const struct snapshot *state);
/* Sorted. */
int baseline_read(const char *path, struct snapshot *to);

#endif
