// SPDX-License-Identifier: Apache-2.0
#define _GNU_SOURCE
#include "guardian.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "report.h"
#include "text.h"

static pid_t watcher, guardian;

static void pass_on(int signal)
{
	kill(watcher, signal);
}

static void tell(const char *event, int signal)
{
	char fields[64], readable[96];

	snprintf(fields, sizeof(fields), ",\"pid\":%d,\"signal_number\":%d", watcher, signal);
	snprintf(readable, sizeof(readable), "%s: pid %d, signal %d", event, watcher, signal);
	report_event(event, fields, readable);
}

static void guard(void)
{
	struct sigaction action = { .sa_handler = pass_on };
	int status;

	prctl(PR_SET_NAME, "hooks-guardian");
	sigaction(SIGTERM, &action, NULL);
	sigaction(SIGINT, &action, NULL);
	sigaction(SIGHUP, &action, NULL);
	for (;;) {
		if (waitpid(watcher, &status, WUNTRACED | WCONTINUED) < 0) {
			if (errno == EINTR)
				continue;
			_exit(1);
		}
		if (WIFSTOPPED(status)) {
			tell("watcher-stopped", WSTOPSIG(status));
		} else if (WIFCONTINUED(status)) {
			tell("watcher-continued", SIGCONT);
		} else if (WIFSIGNALED(status)) {
			tell("watcher-killed", WTERMSIG(status));
			_exit(128 + WTERMSIG(status));
		} else {
			_exit(WEXITSTATUS(status));
		}
	}
}

int guardian_start(void)
{
	int ends[2];

	guardian = getpid();
	if (pipe2(ends, O_CLOEXEC) < 0)
		return -1;
	watcher = fork();
	if (watcher < 0)
		return -1;
	if (watcher > 0) {
		close(ends[0]);
		guard();
	}
	close(ends[1]);
	return ends[0];
}

int guardian_stopped(void)
{
	char path[64], stat[256], *end;

	snprintf(path, sizeof(path), "/proc/%d/stat", guardian);
	read_small(path, stat, sizeof(stat));
	end = strrchr(stat, ')');
	return end && (end[2] == 'T' || end[2] == 't');
}
