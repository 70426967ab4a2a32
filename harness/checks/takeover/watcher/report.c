// SPDX-License-Identifier: Apache-2.0
#include "report.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "text.h"

#define MAX_ANNOUNCED 64

bool report_json;

/* A legitimate change that was said beforehand. An empty kind or where matches all. */
static struct announced {
	char kind[32];
	char where[256];
	uint64_t until_ns;
} announced[MAX_ANNOUNCED];
static unsigned next_announced;

/* The string of a key in one line of JSON, without escapes; "" when there is none. */
static void string_of(const char *line, const char *key, char *value, size_t size)
{
	char quoted[40];
	const char *at;
	size_t length;

	*value = 0;
	snprintf(quoted, sizeof(quoted), "\"%s\"", key);
	at = strstr(line, quoted);
	at = at ? strchr(at + strlen(quoted), '"') : NULL;
	if (!at)
		return;
	length = strcspn(++at, "\"");
	snprintf(value, size, "%.*s", (int)length, at);
}

void report_announce(const char *line)
{
	struct announced *each = &announced[next_announced % MAX_ANNOUNCED];
	const char *at = strstr(line, "\"for_ms\"");
	unsigned long ms = at && strchr(at, ':') ? strtoul(strchr(at, ':') + 1, NULL, 10) : 0;

	if (!strstr(line, "\"announce\"") || !ms) {
		report_event("announcement-refused", "", "announcement refused: it needs announce and for_ms");
		return;
	}
	next_announced++;
	string_of(line, "kind", each->kind, sizeof(each->kind));
	string_of(line, "where", each->where, sizeof(each->where));
	each->until_ns = now_ns() + ms * 1000000ull;
}

static bool is_announced(const char *kind, const char *where)
{
	for (int i = 0; i < MAX_ANNOUNCED; i++) {
		const struct announced *each = &announced[i];

		if (each->until_ns < now_ns() || (*each->kind && strcmp(each->kind, kind)))
			continue;
		/* A device's name stands for all of its hooks. */
		if (!strncmp(where, each->where, strlen(each->where)))
			return true;
	}
	return false;
}

/* In one write: the guardian writes to the same place. */
static void put(struct text *line)
{
	size_t done = 0;

	text_add(line, "\n");
	while (done < line->length) {
		ssize_t wrote = write(STDOUT_FILENO, line->bytes + done, line->length - done);

		if (wrote <= 0)
			break;
		done += wrote;
	}
	free(line->bytes);
}

void report_event(const char *event, const char *fields, const char *readable)
{
	struct text line = { 0 };

	if (report_json)
		text_add(&line, "{\"event\":\"%s\",\"time_ns\":%llu%s}", event, (unsigned long long)now_ns(), fields);
	else
		text_add(&line, "%s", readable);
	put(&line);
}

void report_change(const char *kind, const char *where, const char *before, const char *after, bool transient,
		   const char *signal, const struct event *who)
{
	const char *change = transient || !before == !after ? "changed" : after ? "added" : "removed";
	bool expected = is_announced(kind, where);
	struct text line = { 0 };

	if (report_json) {
		text_add(&line, "{\"event\":\"change\",\"time_ns\":%llu,\"kind\":\"%s\",\"where\":", (unsigned long long)now_ns(), kind);
		text_string(&line, where);
		text_add(&line, ",\"change\":\"%s\"", change);
		if (before)
			text_add(&line, ",\"before\":%s", before);
		if (after)
			text_add(&line, ",\"after\":%s", after);
		text_add(&line, ",\"signal\":\"%s\"%s%s", signal, transient ? ",\"transient\":true" : "",
			 expected ? ",\"announced\":true" : "");
		if (who) {
			text_add(&line, ",\"pid\":%u,\"comm\":", who->pid);
			text_string(&line, who->comm);
			text_add(&line, ",\"uid\":%u,\"cgroup\":%llu", who->uid, who->cgroup);
		}
		text_add(&line, "}");
	} else {
		text_add(&line, "%s %s %s%s%s", kind, where, change, transient ? " and given back" : "", expected ? " (announced)" : "");
		if (before)
			text_add(&line, " from %s", before);
		if (after)
			text_add(&line, " to %s", after);
		if (who)
			text_add(&line, " by %s (pid %u, uid %u)", who->comm, who->pid, who->uid);
		text_add(&line, " [%s]", signal);
	}
	put(&line);
}
