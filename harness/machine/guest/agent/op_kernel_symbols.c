// SPDX-License-Identifier: Apache-2.0
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "operation.h"

#define MAX_SYMBOLS 64
/* `address type name`: 16 digits, two spaces and a letter are in front of the name. */
#define NAME_AT 19

struct wanted {
	const char *name;
	size_t length;
	uint64_t address;
};

/* Takes the address from a line of `length` bytes. True when it was wanted and missing. */
static bool take(const char *line, size_t length, struct wanted *wanted, uint32_t count)
{
	for (uint32_t i = 0; length > NAME_AT && i < count; i++) {
		if (wanted[i].length == length - NAME_AT && line[NAME_AT] == wanted[i].name[0] &&
		    memcmp(line + NAME_AT, wanted[i].name, wanted[i].length) == 0 && wanted[i].address == 0) {
			wanted[i].address = strtoull(line, NULL, 16);
			return true;
		}
	}
	return false;
}

void op_kernel_symbols(struct args *args, struct reply *reply)
{
	uint32_t count = args_count(args, "names", MAX_SYMBOLS), left = count;
	struct wanted wanted[MAX_SYMBOLS] = { 0 };
	char buffer[65536];
	size_t kept = 0;
	ssize_t got = 0;
	int fd;

	for (uint32_t i = 0; i < count; i++) {
		wanted[i].name = args_string_at(args, "names", i);
		wanted[i].length = wanted[i].name ? strlen(wanted[i].name) : 0;
	}
	if (!args_valid(args))
		return;
	fd = open("/proc/kallsyms", O_RDONLY | O_CLOEXEC);
	while (fd >= 0 && left > 0 && (got = read(fd, buffer + kept, sizeof(buffer) - kept)) > 0) {
		size_t end = kept + got, at = 0;
		char *newline;

		while ((newline = memchr(buffer + at, '\n', end - at))) {
			size_t next = newline + 1 - buffer;

			left -= take(buffer + at, next - 1 - at, wanted, count);
			at = next;
		}
		kept = end - at;
		memmove(buffer, buffer + at, kept);
	}
	if (fd < 0 || got < 0) {
		reply_fail(reply, errno, "read /proc/kallsyms");
		return;
	}
	close(fd);
	reply_map(reply, 1);
	reply_key(reply, "addresses");
	reply_array(reply, count);
	for (uint32_t i = 0; i < count; i++)
		reply_bytes(reply, &wanted[i].address, sizeof(wanted[i].address));
}
