// SPDX-License-Identifier: Apache-2.0
/* Signals wake it; each time it looks at what the signal may concern, and tells the differences. */
#define _GNU_SOURCE
#include "watch.h"

#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "announcements.h"
#include "baseline.h"
#include "commands.h"
#include "guardian.h"
#include "probe.h"
#include "report.h"
#include "sources.h"

static struct watched *watched;
static struct snapshot state;
/* When the last look began that told a difference. */
static uint64_t told_ns;

/* Who sent the last request over rtnetlink. */
static struct event sender;

/* What a process's commands may have changed. */
static struct {
	unsigned groups;
	/* BPF_* of the last command that changes a hook; 0: none. */
	unsigned command;
	struct event who;
} pending;

/* The kernel frees links after the function that wakes: look again. */
static uint64_t again_at[3];
static struct event again_who;

/* When to look at perf events, once: programs are let go often. 0: not at all. */
static uint64_t perf_at;
static struct event perf_who;
#define PERF_AFTER_NS 20000000ull
/* Of so many polls one looks at perf events, which is to look at every process. */
#define PERF_POLLS 16

struct telling {
	const char *signal;
	const struct event *who;
};

static void tell_difference(const struct record *before, const struct record *after, void *context)
{
	const struct record *record = after ? after : before;
	const struct telling *telling = context;

	report_change(record->kind, record->where, before ? before->value : NULL, after ? after->value : NULL, false,
		      telling->signal, telling->who);
}

static size_t look(unsigned groups, const char *signal, const struct event *who)
{
	struct telling telling = { .signal = signal, .who = who };
	struct snapshot fresh = { 0 };
	uint64_t began = now_ns();
	size_t differences;

	collect(&fresh, groups, watched);
	differences = snapshot_replace(&state, &fresh, groups, tell_difference, &telling);
	if (differences)
		told_ns = began;
	return differences;
}

static void look_again(const struct event *who)
{
	static const unsigned after_ms[] = { 2, 20, 100 };

	for (int i = 0; i < 3; i++)
		again_at[i] = now_ns() + after_ms[i] * 1000000ull;
	again_who = *who;
}

static void flush_pending(void)
{
	if (!pending.groups)
		return;
	/* Nothing is different any more: it was taken and given back, or is a hook that has no list. */
	if (look(pending.groups, "bpf", &pending.who) == 0 && pending.command && pending.who.time_ns > told_ns)
		report_change("command", command_name(pending.command), NULL, NULL, true, "bpf", &pending.who);
	memset(&pending, 0, sizeof(pending));
}

static void take_event(const struct event *event)
{
	static const char *const kinds[] = {
		[EVENT_SOCKET_FILTER] = "socket-filter",
		[EVENT_REUSEPORT] = "reuseport",
		[EVENT_CGROUP_MOVE] = "cgroup-membership",
		[EVENT_DESCRIPTOR_TAKEN] = "descriptor",
	};
	char where[32];

	switch (event->what) {
	case EVENT_RTNETLINK:
		sender = *event;
		return;
	case EVENT_WAKE:
		look_again(event);
		return;
	case EVENT_PROGRAM_PUT:
		if (!perf_at) {
			perf_at = now_ns() + PERF_AFTER_NS;
			perf_who = *event;
		}
		return;
	case EVENT_COMMAND:
		if (pending.groups && pending.who.pid != event->pid)
			flush_pending();
		pending.groups |= groups_of(event->command);
		pending.who = *event;
		if (command_name(event->command))
			pending.command = event->command;
		return;
	}
	if (event->what >= sizeof(kinds) / sizeof(*kinds))
		return;
	snprintf(where, sizeof(where), "process %u", event->pid);
	report_change(kinds[event->what], where, NULL, NULL, false, "bpf", event);
}

static void overflow(const char *signal)
{
	char fields[64];

	snprintf(fields, sizeof(fields), ",\"signal\":\"%s\"", signal);
	report_event("overflow", fields, "events were lost: comparing everything");
	look(GROUP_ALL, signal, NULL);
}

static void drain_probe(void)
{
	probe_drain();
	flush_pending();
}

static bool has_device(uint32_t ifindex)
{
	char end[24];

	snprintf(end, sizeof(end), " (%u)", ifindex);
	for (size_t i = 0; i < state.count; i++) {
		size_t length = strlen(state.records[i].where);

		if (!strcmp(state.records[i].kind, "device") && length > strlen(end) &&
		    !strcmp(state.records[i].where + length - strlen(end), end))
			return true;
	}
	return false;
}

static void take_notifications(int fd)
{
	struct notified notified = rtnetlink_read(fd);
	/* The request came just before. */
	const struct event *who = sender.pid && now_ns() - sender.time_ns < 1000000000ull ? &sender : NULL;
	char where[32];

	if (notified.lost)
		overflow("rtnetlink");
	if (!notified.groups || look(notified.groups, "rtnetlink", who))
		return;
	snprintf(where, sizeof(where), "(%u)", notified.deleted);
	if (notified.deleted && has_device(notified.deleted))
		report_change("device", where, NULL, NULL, true, "rtnetlink", who);
	if (notified.filter_added && notified.filter_removed)
		report_change("tc", "clsact", NULL, NULL, true, "rtnetlink", who);
}

/* Said once for each reason. */
static void blinded(const char *why, const char *detail)
{
	static const char *said[8];
	struct text fields = { 0 }, readable = { 0 };

	for (int i = 0; i < 8; i++) {
		if (said[i] == why)
			return;
		if (!said[i]) {
			said[i] = why;
			break;
		}
	}
	text_add(&readable, "blinded: %s%s%s", why, *detail ? ": " : "", detail);
	text_add(&fields, ",\"why\":");
	text_string(&fields, readable.bytes + strlen("blinded: "));
	report_event("blinded", fields.bytes, readable.bytes);
	free(fields.bytes);
	free(readable.bytes);
}

static void check_health(void)
{
	const char *hidden = hidden_object(&state, watched);

	if (hidden)
		blinded("an object can be opened by its id and is missing in the kernel's list", hidden);
	if (!probe_alive())
		blinded("the BPF part sees no bpf() commands any more", "");
	if (guardian_stopped())
		blinded("the guardian process is stopped", "");
}

static void say_ready(const bool *armed, const struct text *blind)
{
	struct text fields = { 0 }, readable = { 0 };
	const char *separator = "";

	text_add(&fields, ",\"signals\":[");
	text_add(&readable, "ready:");
	for (int i = 0; i < SIGNAL_COUNT; i++) {
		if (!armed[i])
			continue;
		text_add(&fields, "%s\"%s\"", separator, signal_names[i]);
		text_add(&readable, " %s", signal_names[i]);
		separator = ",";
	}
	text_add(&fields, "],\"blind\":[%s]", blind->bytes ? blind->bytes : "");
	if (blind->bytes)
		text_add(&readable, "; cannot see: %s", blind->bytes);
	report_event("ready", fields.bytes, readable.bytes);
	free(fields.bytes);
	free(readable.bytes);
}

static int timeout_ms(uint64_t poll_at)
{
	uint64_t now = now_ns(), next = poll_at;

	for (int i = 0; i < 3; i++)
		if (again_at[i] && again_at[i] < next)
			next = again_at[i];
	if (perf_at && perf_at < next)
		next = perf_at;
	return next <= now ? 0 : (next - now + 999999) / 1000000;
}

static void run_due(uint64_t *poll_at, const struct options *options)
{
	static unsigned polls;

	for (int i = 0; i < 3; i++) {
		if (!again_at[i] || again_at[i] > now_ns())
			continue;
		again_at[i] = 0;
		look(GROUP_ALL & ~GROUP_CONTENT & ~GROUP_PERF, "bpf", &again_who);
	}
	if (perf_at && perf_at <= now_ns()) {
		perf_at = 0;
		look(GROUP_PERF, "bpf", &perf_who);
	}
	if (now_ns() < *poll_at)
		return;
	*poll_at = now_ns() + options->poll_ms * 1000000ull;
	if (probe_lost())
		overflow("bpf");
	if (options->without[SIGNAL_POLL])
		return;
	look(++polls % PERF_POLLS ? GROUP_ALL & ~GROUP_PERF : GROUP_ALL, "poll", NULL);
	check_health();
}

enum { FROM_PROBE, FROM_RTNETLINK, FROM_INOTIFY, FROM_MOUNTINFO, FROM_ANNOUNCEMENTS, FROM_GUARDIAN, FROM_COUNT };

int watch(const struct options *options, struct watched *named, int guardian_end, void (*ready)(void))
{
	const bool *without = options->without;
	struct text blind = { 0 };
	struct pollfd from[FROM_COUNT];
	bool armed[SIGNAL_COUNT] = { [SIGNAL_POLL] = !without[SIGNAL_POLL] };
	uint64_t poll_at;

	watched = named;
	text_add(&blind, "\"hooks of network namespaces other than the watcher's own\"");
	armed[SIGNAL_BPF] = !without[SIGNAL_BPF] && probe_start(watched, &blind, take_event);
	from[FROM_PROBE].fd = probe_epoll_fd();
	from[FROM_RTNETLINK].fd = without[SIGNAL_RTNETLINK] ? -1 : rtnetlink_open(&blind);
	from[FROM_INOTIFY].fd = without[SIGNAL_INOTIFY] ? -1 : inotify_open(watched, &blind);
	from[FROM_MOUNTINFO].fd = without[SIGNAL_MOUNTINFO] ? -1 : mountinfo_open(&blind);
	from[FROM_ANNOUNCEMENTS].fd = announcements_open(options->announcements);
	from[FROM_GUARDIAN].fd = guardian_end;
	for (int i = 0; i < FROM_COUNT; i++)
		from[i].events = i == FROM_MOUNTINFO ? POLLPRI : POLLIN;
	armed[SIGNAL_RTNETLINK] = from[FROM_RTNETLINK].fd >= 0;
	armed[SIGNAL_INOTIFY] = from[FROM_INOTIFY].fd >= 0;
	armed[SIGNAL_MOUNTINFO] = from[FROM_MOUNTINFO].fd >= 0;
	/* After the signals are armed, so that nothing falls in between. */
	if (options->baseline) {
		if (baseline_read(options->baseline, &state) < 0)
			return 2;
		look(GROUP_ALL, "baseline", NULL);
	} else {
		collect(&state, GROUP_ALL, watched);
	}
	if (options->write_baseline && baseline_write(options->write_baseline, &state) < 0)
		return 2;
	say_ready(armed, &blind);
	ready();
	poll_at = now_ns() + options->poll_ms * 1000000ull;
	for (;;) {
		if (poll(from, FROM_COUNT, timeout_ms(poll_at)) < 0)
			continue;
		/* First, since it says who. */
		drain_probe();
		if (from[FROM_RTNETLINK].revents)
			take_notifications(from[FROM_RTNETLINK].fd);
		if (from[FROM_INOTIFY].revents && inotify_read(from[FROM_INOTIFY].fd, watched))
			look(GROUP_PINS, "inotify", NULL);
		if (from[FROM_MOUNTINFO].revents)
			look(GROUP_MOUNTS | GROUP_PINS, "mountinfo", NULL);
		if (from[FROM_ANNOUNCEMENTS].revents)
			announcements_read(&from[FROM_ANNOUNCEMENTS]);
		if (from[FROM_GUARDIAN].revents) {
			blinded("the guardian process was killed", "");
			from[FROM_GUARDIAN].fd = -1;
		}
		run_due(&poll_at, options);
	}
}
