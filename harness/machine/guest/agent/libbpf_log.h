// SPDX-License-Identifier: Apache-2.0
#ifndef BPFGATE_LIBBPF_LOG_H
#define BPFGATE_LIBBPF_LOG_H

/*
 * libbpf's messages: warnings, information, and the debug messages that say which CO-RE relocation,
 * map or kfunc made an instruction invalid. When the buffer is full the oldest half is dropped.
 */
void libbpf_log_install(void);
/* Clears the log. */
void libbpf_log_begin(void);
/* The messages since `libbpf_log_begin`. */
const char *libbpf_log_text(void);
/* The map that libbpf failed to create since `libbpf_log_begin`, or NULL. */
const char *libbpf_log_failed_map(void);

#endif
