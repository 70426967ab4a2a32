// SPDX-License-Identifier: Apache-2.0
#include "text.h"

#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

void *checked(void *memory)
{
	if (!memory) {
		fputs("watch-hooks: out of memory\n", stderr);
		abort();
	}
	return memory;
}

void text_add(struct text *text, const char *format, ...)
{
	va_list values;
	int length;

	va_start(values, format);
	length = vsnprintf(NULL, 0, format, values);
	va_end(values);
	text->bytes = checked(realloc(text->bytes, text->length + length + 1));
	va_start(values, format);
	vsnprintf(text->bytes + text->length, length + 1, format, values);
	va_end(values);
	text->length += length;
}

void text_string(struct text *text, const char *string)
{
	text_add(text, "\"");
	for (const unsigned char *byte = (const unsigned char *)string; *byte; byte++) {
		if (*byte == '"' || *byte == '\\')
			text_add(text, "\\%c", *byte);
		else if (*byte < 0x20 || *byte >= 0x7f)
			text_add(text, "\\u%04x", *byte);
		else
			text_add(text, "%c", *byte);
	}
	text_add(text, "\"");
}

void read_small(const char *path, char *content, size_t size)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t got = fd < 0 ? -1 : read(fd, content, size - 1);

	if (fd >= 0)
		close(fd);
	content[got < 0 ? 0 : got] = 0;
	content[strcspn(content, "\n")] = 0;
}

uint64_t now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * 1000000000ull + now.tv_nsec;
}
