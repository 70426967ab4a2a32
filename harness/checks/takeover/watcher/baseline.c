// SPDX-License-Identifier: Apache-2.0
#include "baseline.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "text.h"

static const char head[] = "{\"format\":\"bpfgate/hooks-baseline\",\"version\":1}\n";

static int complain(const char *path, const char *why)
{
	fprintf(stderr, "watch-hooks: %s: %s\n", path, why);
	return -1;
}

int baseline_write(const char *path, const struct snapshot *state)
{
	struct text name = { 0 };
	FILE *file;
	int failed;

	/* Whole or not at all. */
	text_add(&name, "%s.%d", path, getpid());
	file = fopen(name.bytes, "we");
	if (!file) {
		free(name.bytes);
		return complain(path, strerror(errno));
	}
	fputs(head, file);
	for (size_t i = 0; i < state->count; i++) {
		const struct record *record = &state->records[i];
		struct text line = { 0 };

		text_add(&line, "{\"group\":%d,\"kind\":\"%s\",\"where\":", record->group, record->kind);
		text_string(&line, record->where);
		text_add(&line, ",\"value\":%s}\n", record->value);
		fputs(line.bytes, file);
		free(line.bytes);
	}
	failed = fflush(file) || fsync(fileno(file));
	failed = fclose(file) || failed || rename(name.bytes, path) < 0;
	if (failed) {
		complain(path, strerror(errno));
		unlink(name.bytes);
	}
	free(name.bytes);
	return failed ? -1 : 0;
}

/* Undoes text_string() in place; returns what follows the closing quote, or NULL. */
static char *unquote(char *string)
{
	char *to = string;

	for (char *from = string; *from; from++) {
		if (*from == '"') {
			*to = 0;
			return from + 1;
		}
		if (*from == '\\' && from[1] == 'u' && strlen(from) >= 6) {
			char digits[5] = { from[2], from[3], from[4], from[5], 0 };

			*to++ = strtoul(digits, NULL, 16);
			from += 5;
		} else if (*from == '\\' && from[1]) {
			*to++ = *++from;
		} else {
			*to++ = *from;
		}
	}
	return NULL;
}

static bool read_line(char *line, struct snapshot *to)
{
	static const char where_key[] = ",\"where\":\"", value_key[] = ",\"value\":";
	char kind[32];
	char *where, *rest, *end = strrchr(line, '}');
	int group;

	if (sscanf(line, "{\"group\":%d,\"kind\":\"%31[a-z_-]\"", &group, kind) != 2 || !end)
		return false;
	where = strstr(line, where_key);
	if (!where)
		return false;
	where += strlen(where_key);
	rest = unquote(where);
	if (!rest || strncmp(rest, value_key, strlen(value_key)))
		return false;
	*end = 0;
	/* As long as the program runs: kinds are constants elsewhere. */
	snapshot_add(to, group, checked(strdup(kind)), where, rest + strlen(value_key));
	return true;
}

int baseline_read(const char *path, struct snapshot *to)
{
	FILE *file = fopen(path, "re");
	char *line = NULL;
	size_t room = 0;
	bool good;

	if (!file)
		return complain(path, strerror(errno));
	good = getline(&line, &room, file) > 0 && !strcmp(line, head);
	while (good && getline(&line, &room, file) > 0)
		good = read_line(line, to);
	free(line);
	fclose(file);
	if (!good)
		return complain(path, "is not a baseline that watch-hooks wrote");
	snapshot_sort(to);
	return 0;
}
