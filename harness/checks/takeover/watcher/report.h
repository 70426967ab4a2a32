/* SPDX-License-Identifier: Apache-2.0 */
#ifndef REPORT_H
#define REPORT_H

#include <stdbool.h>

#include "event.h"
#include "snapshot.h"

extern bool report_json;

/* Writes one line to standard output. `fields`: JSON after name and time, `,"key":...` or "". */
void report_event(const char *event, const char *fields, const char *readable);
/* One change. @param who NULL: not known */
void report_change(const char *kind, const char *where, const char *before, const char *after, bool transient,
		   const char *signal, const struct event *who);
/* One line of announcements: {"announce":{"kind":"xdp","where":"lo (1)","for_ms":1000}}. */
void report_announce(const char *line);

#endif
