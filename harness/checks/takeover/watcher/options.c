// SPDX-License-Identifier: Apache-2.0
#include "options.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "report.h"

const char *const signal_names[SIGNAL_COUNT] = { "rtnetlink", "bpf", "inotify", "mountinfo", "poll" };

static const char usage[] =
	"usage: watch-hooks [--json] [--map ID]... [--pins DIR]... [--baseline FILE] [--write-baseline FILE]\n"
	"       [--without rtnetlink|bpf|inotify|mountinfo|poll]... [--poll MS] [--once]\n"
	"       [--background FILE] [--announcements FIFO]\n";

static void wrong(const char *option, const char *why)
{
	fprintf(stderr, "watch-hooks: %s: %s\n%s", option, why, usage);
	exit(2);
}

static unsigned long number(const char *option, const char *text, unsigned long most)
{
	char *end;
	unsigned long value = strtoul(text, &end, 10);

	if (*text < '0' || *text > '9' || *end || value == 0 || value > most)
		wrong(option, "needs a number above 0");
	return value;
}

void options_read(struct options *options, struct watched *watched, char **argv)
{
	options->poll_ms = 1000;
	for (char **at = argv + 1; *at; at++) {
		const char *option = *at, *value = at[1];
		int signal = 0;

		if (!strcmp(option, "--json")) {
			report_json = true;
			continue;
		} else if (!strcmp(option, "--once")) {
			options->once = true;
			continue;
		} else if (!strcmp(option, "--help")) {
			fputs(usage, stdout);
			exit(0);
		}
		if (strncmp(option, "--", 2))
			wrong(option, "unknown argument");
		if (!value)
			wrong(option, "unknown option, or its value is missing");
		at++;
		if (!strcmp(option, "--map") && watched->map_count < MAX_NAMED) {
			watched->maps[watched->map_count++] = number(option, value, UINT32_MAX);
		} else if (!strcmp(option, "--pins") && watched->pin_count < MAX_NAMED) {
			watched->pins[watched->pin_count++] = value;
		} else if (!strcmp(option, "--baseline")) {
			options->baseline = value;
		} else if (!strcmp(option, "--write-baseline")) {
			options->write_baseline = value;
		} else if (!strcmp(option, "--background")) {
			options->background = value;
		} else if (!strcmp(option, "--announcements")) {
			options->announcements = value;
		} else if (!strcmp(option, "--poll")) {
			options->poll_ms = number(option, value, 3600000);
		} else if (!strcmp(option, "--without")) {
			while (signal < SIGNAL_COUNT && strcmp(signal_names[signal], value))
				signal++;
			if (signal == SIGNAL_COUNT)
				wrong(value, "unknown signal");
			options->without[signal] = true;
		} else {
			wrong(option, "unknown option, or given too often");
		}
	}
	if (watched->pin_count == 0)
		watched->pins[watched->pin_count++] = "/sys/fs/bpf";
}
