// SPDX-License-Identifier: Apache-2.0
/*
 * watch-hooks reports each change of BPF hooks, programs, links, maps and pins of this machine.
 * docs/watch-hooks.md describes it.
 */
#define _GNU_SOURCE
#include <bpf/libbpf.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "baseline.h"
#include "guardian.h"
#include "report.h"
#include "watch.h"

static struct options options;
static struct watched watched;
static int ready_end = -1;

static void ready(void)
{
	if (ready_end < 0)
		return;
	if (write(ready_end, "", 1) < 0)
		perror("watch-hooks");
	close(ready_end);
}

/* Goes on in a child; the parent ends when the watcher is ready (0) or has ended before (1). */
static int go_to_background(void)
{
	int ends[2], output;
	char byte;
	pid_t child;

	output = open(options.background, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
	if (output < 0 || pipe2(ends, O_CLOEXEC) < 0 || (child = fork()) < 0) {
		fprintf(stderr, "watch-hooks: %s: %s\n", options.background, strerror(errno));
		return 2;
	}
	if (child > 0) {
		close(ends[1]);
		_exit(read(ends[0], &byte, 1) == 1 ? 0 : 1);
	}
	setsid();
	dup2(output, STDOUT_FILENO);
	dup2(output, STDERR_FILENO);
	close(ends[0]);
	ready_end = ends[1];
	return 0;
}

static void tell_changed(const struct record *before, const struct record *after, void *context)
{
	(void)context;
	report_change((after ? after : before)->kind, (after ? after : before)->where, before ? before->value : NULL,
		      after ? after->value : NULL, false, "baseline", NULL);
}

/* What is there now, or what differs from the baseline: then status 1. */
static int look_once(void)
{
	struct snapshot now = { 0 }, before = { 0 };

	collect(&now, GROUP_ALL, &watched);
	if (options.write_baseline && baseline_write(options.write_baseline, &now) < 0)
		return 2;
	if (options.baseline) {
		if (baseline_read(options.baseline, &before) < 0)
			return 2;
		return snapshot_replace(&before, &now, GROUP_ALL, tell_changed, NULL) ? 1 : 0;
	}
	for (size_t i = 0; !options.write_baseline && i < now.count; i++)
		report_change(now.records[i].kind, now.records[i].where, NULL, now.records[i].value, false, "once", NULL);
	return 0;
}

static int quiet(enum libbpf_print_level level, const char *format, va_list values)
{
	(void)level;
	(void)format;
	(void)values;
	return 0;
}

int main(int argc, char **argv)
{
	int guardian_end, status;

	(void)argc;
	libbpf_set_print(quiet);
	options_read(&options, &watched, argv);
	if (geteuid() != 0) {
		fputs("watch-hooks: must run as root\n", stderr);
		return 2;
	}
	signal(SIGPIPE, SIG_IGN);
	if (options.once)
		return look_once();
	if (options.background && (status = go_to_background()))
		return status;
	guardian_end = guardian_start();
	if (guardian_end < 0) {
		perror("watch-hooks: guardian");
		return 2;
	}
	return watch(&options, &watched, guardian_end, ready);
}
