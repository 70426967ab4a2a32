// SPDX-License-Identifier: Apache-2.0
#ifndef BPFGATE_SPECIAL_FIELDS_H
#define BPFGATE_SPECIAL_FIELDS_H

#include <bpf/btf.h>
#include <stdbool.h>
#include <stdint.h>

/*
 * True if values of this type contain fields that user space reads as zero and cannot write:
 * timers, work queues, lists, trees, reference counts, kptrs (btf_get_field_type,
 * kernel/bpf/btf.c). Spin locks do not count: they are free while no program runs.
 */
bool has_special_fields(const struct btf *btf, uint32_t type);

#endif
