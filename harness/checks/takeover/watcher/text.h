/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TEXT_H
#define TEXT_H

#include <stddef.h>
#include <stdint.h>

/* The pointer, or the end of the program: nothing is told from half of what was read. */
void *checked(void *memory);

/* Text that grows; the caller frees `bytes`. */
struct text {
	char *bytes;
	size_t length;
};

void text_add(struct text *text, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* A JSON string with its quotes; bytes that are not ASCII are escaped. */
void text_string(struct text *text, const char *string);

/* Content of a small file, without its last newline; "" when it cannot be read. */
void read_small(const char *path, char *content, size_t size);
uint64_t now_ns(void);

#endif
