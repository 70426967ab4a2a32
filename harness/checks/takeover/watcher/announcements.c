// SPDX-License-Identifier: Apache-2.0
#define _GNU_SOURCE
#include "announcements.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "report.h"

void announcements_read(struct pollfd *from)
{
	static char line[1024];
	static size_t length;
	char piece[512];
	ssize_t got = read(from->fd, piece, sizeof(piece));

	if (got <= 0) {
		from->fd = got < 0 && (errno == EAGAIN || errno == EINTR) ? from->fd : -1;
		return;
	}
	for (ssize_t i = 0; i < got; i++) {
		if (piece[i] != '\n') {
			if (length < sizeof(line) - 1)
				line[length++] = piece[i];
			continue;
		}
		line[length] = 0;
		length = 0;
		report_announce(line);
	}
}

int announcements_open(const char *fifo)
{
	if (!fifo)
		return STDIN_FILENO;
	if (mkfifo(fifo, 0600) < 0 && errno != EEXIST)
		return -1;
	/* Open for writing too, so that it never ends. */
	return open(fifo, O_RDWR | O_NONBLOCK | O_CLOEXEC);
}
