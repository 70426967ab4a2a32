// SPDX-License-Identifier: Apache-2.0
#include "libbpf_log.h"

#include <bpf/libbpf.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "request.h"

#define LOG_SIZE (64u << 10)
#define LINE_SIZE 4096

static char text[LOG_SIZE];
static size_t length;
static char failed_map[64];
/* The current relocation's specification; added to the log if the relocation fails. */
static char relocation[LINE_SIZE];

static void append(const char *line)
{
	size_t size = strlen(line);

	if (length + size >= LOG_SIZE) {
		size_t drop = length / 2;
		const char *end = memchr(text + drop, '\n', length - drop);

		drop = end ? (size_t)(end - text) + 1 : length;
		memmove(text, text + drop, length - drop);
		length -= drop;
	}
	memcpy(text + length, line, size + 1);
	length += size;
}

/* Debug messages of libbpf 1.7.0 (libbpf.c, relo_core.c) that explain a failure. */
static bool explains_poison(const char *format)
{
	return strstr(format, "poisoning insn") || strstr(format, "substituting insn") ||
	       strstr(format, "no matching targets found") || strstr(format, "(weak): not resolved");
}

static bool specifies_relocation(const char *format)
{
	return strcmp(format, "libbpf: prog '%s': relo #%d: %s\n") == 0;
}

static bool names_failed_map(const char *format)
{
	return strcmp(format, "libbpf: map '%s': failed to create: %s\n") == 0;
}

static int print(enum libbpf_print_level level, const char *format, va_list arguments)
{
	char line[LINE_SIZE];
	va_list again;

	/* Each message is a step of libbpf's work. */
	request_progress();
	if (level == LIBBPF_DEBUG && specifies_relocation(format)) {
		vsnprintf(relocation, sizeof(relocation), format, arguments);
		return 0;
	}
	if (level == LIBBPF_DEBUG && !explains_poison(format))
		return 0;
	if (names_failed_map(format)) {
		va_copy(again, arguments);
		snprintf(failed_map, sizeof(failed_map), "%s", va_arg(again, const char *));
		va_end(again);
	}
	vsnprintf(line, sizeof(line), format, arguments);
	if (relocation[0] && strstr(line, ": relo #")) {
		append(relocation);
		relocation[0] = '\0';
	}
	append(line);
	return 0;
}

void libbpf_log_install(void)
{
	libbpf_set_print(print);
}

void libbpf_log_begin(void)
{
	length = 0;
	text[0] = '\0';
	failed_map[0] = '\0';
	relocation[0] = '\0';
}

const char *libbpf_log_text(void)
{
	return text;
}

const char *libbpf_log_failed_map(void)
{
	return failed_map[0] ? failed_map : NULL;
}
