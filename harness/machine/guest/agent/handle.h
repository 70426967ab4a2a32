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

/* Something that the agent holds for the runner. Its id is never reused. */
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

/* A new handle for the caller to fill in. Never NULL. */
struct handle *handle_new(enum handle_kind kind);
/* The handle of this id and kind, or NULL. */
struct handle *handle_find(uint32_t id, enum handle_kind kind);
/* Drops the handle; what it named belongs to the caller. */
void handle_drop(struct handle *handle);
/* Drops all handles; new ids begin after `last`. */
void handle_forget_all(uint32_t last);

#endif
