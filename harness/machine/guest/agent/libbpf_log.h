// SPDX-License-Identifier: Apache-2.0
#ifndef BPFGATE_LIBBPF_LOG_H
#define BPFGATE_LIBBPF_LOG_H

/*
 * What libbpf says: warnings and information, and of its debug messages those that tell which CO-RE
 * relocation, map or kfunc an instruction was made invalid for. Bounded; when it overflows the
 * oldest half is forgotten.
 */
void libbpf_log_install(void);
/* Forgets what was said so far. */
void libbpf_log_begin(void);
/* What was said since. */
const char *libbpf_log_text(void);
/* The map whose creation libbpf said to have failed since, or NULL. */
const char *libbpf_log_failed_map(void);

#endif
