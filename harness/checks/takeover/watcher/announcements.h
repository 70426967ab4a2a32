/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ANNOUNCEMENTS_H
#define ANNOUNCEMENTS_H

#include <poll.h>

/* Standard input, or a FIFO that is made if it is not there. */
int announcements_open(const char *fifo);
/* Reads what is there, line by line; at the end its descriptor becomes -1. */
void announcements_read(struct pollfd *from);

#endif
