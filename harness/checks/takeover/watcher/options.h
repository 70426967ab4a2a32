/* SPDX-License-Identifier: Apache-2.0 */
#ifndef OPTIONS_H
#define OPTIONS_H

#include <stdbool.h>

#include "collect.h"

enum signal_source { SIGNAL_RTNETLINK, SIGNAL_BPF, SIGNAL_INOTIFY, SIGNAL_MOUNTINFO, SIGNAL_POLL, SIGNAL_COUNT };
extern const char *const signal_names[SIGNAL_COUNT];

struct options {
	const char *baseline;
	const char *write_baseline;
	/* Goes to the background when ready; the output goes to this file. */
	const char *background;
	/* A FIFO that is made for announcements, instead of standard input. */
	const char *announcements;
	int poll_ms;
	bool once;
	bool without[SIGNAL_COUNT];
};

/* Ends the program with status 2 and one line when they are wrong. */
void options_read(struct options *options, struct watched *watched, char **argv);

#endif
