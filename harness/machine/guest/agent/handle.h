// SPDX-License-Identifier: Apache-2.0
#ifndef BPFGATE_HANDLE_H
#define BPFGATE_HANDLE_H

#include <stdint.h>

struct object;
struct attachment;
struct user;

enum handle_kind {
	HANDLE_OBJECT,
	HANDLE_LINK,
	HANDLE_FD,
	HANDLE_USER,
};

/* Something that the agent holds for the runner. Its id is never given to anything else. */
struct handle {
	uint32_t id;
	enum handle_kind kind;
	union {
		struct object *object;
		struct attachment *attachment;
		int fd;
		struct user *user;
	};
};

/* The new handle, to be filled in. Never NULL. */
struct handle *handle_new(enum handle_kind kind);
/* The handle of this id and kind, or NULL. */
struct handle *handle_find(uint32_t id, enum handle_kind kind);
/* Forgets the handle; what it named is the caller's. */
void handle_drop(struct handle *handle);
/* Forgets all; ids begin after `last`. */
void handle_forget_all(uint32_t last);

#endif
