// SPDX-License-Identifier: Apache-2.0
#ifndef BPFGATE_STRAYS_H
#define BPFGATE_STRAYS_H

#include <stdbool.h>

/*
 * Around a system call whose program may open file descriptors in the agent's process
 * (bpf_sys_bpf): those of maps, programs, links and BTF that came to be are strays, which no handle
 * names yet.
 */
void strays_begin(void);
void strays_end(void);

/* What a file descriptor is, `map`, `program`, `link` or `btf`; NULL when it is nothing of BPF. */
const char *stray_kind(int fd);

/* The `index`th stray, or -1 beyond the last. */
int stray_at(unsigned int index);

/* Takes a stray off the list: it is the caller's. False when it is none. */
bool stray_take(int fd);

/* None is there any more, whatever becomes of them. */
void strays_forget(void);

#endif
