// SPDX-License-Identifier: Apache-2.0
#ifndef BPFGATE_SPECIAL_FIELDS_H
#define BPFGATE_SPECIAL_FIELDS_H

#include <bpf/btf.h>
#include <stdbool.h>
#include <stdint.h>

/*
 * Whether values of this type hold what user space reads as zeroes and cannot write: timers, work
 * queues, lists, trees, reference counts, kptrs (btf_get_field_type, kernel/bpf/btf.c). Spin locks
 * do not count: they are free when nobody runs.
 */
bool has_special_fields(const struct btf *btf, uint32_t type);

#endif
