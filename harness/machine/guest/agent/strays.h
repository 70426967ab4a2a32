// SPDX-License-Identifier: Apache-2.0
#ifndef BPFGATE_STRAYS_H
#define BPFGATE_STRAYS_H

#include <stdbool.h>

/*
 * Put these around a system call whose program may open file descriptors in the agent's process
 * (bpf_sys_bpf). New file descriptors of maps, programs, links and BTF are strays: they have no
 * handle yet.
 */
void strays_begin(void);
void strays_end(void);

/* The kind of a file descriptor: `map`, `program`, `link` or `btf`; NULL for anything else. */
const char *stray_kind(int fd);

/* The `index`th stray, or -1 beyond the last. */
int stray_at(unsigned int index);

/* Takes a stray off the list; the caller owns it. False if it is not in the list. */
bool stray_take(int fd);

/* Empties the list without closing them. */
void strays_forget(void);

#endif
