// SPDX-License-Identifier: Apache-2.0
#ifndef BPFGATE_INSN_H
#define BPFGATE_INSN_H

#include <linux/bpf.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* What one instruction does to registers: bit n is rn, of r0 to r9. */
struct insn_effect {
	uint16_t uses;
	/* Written. */
	uint16_t defs;
	/* Not to be read afterwards, until they are written again. */
	uint16_t clobbers;
};

#define ARGUMENT_REGISTERS 0x3e
#define ALL_REGISTERS 0x3ff

/*
 * False for an instruction that is not known here. What a call takes is not known: all arguments
 * count as used.
 */
bool insn_effect(const struct bpf_insn *insn, struct insn_effect *effect);
/* Slots that it takes: 2 for a 64-bit constant. */
size_t insn_slots(const struct bpf_insn *insn);
/* Whether `*target` was set: the index that a jump may continue at. */
bool insn_jumps(const struct bpf_insn *insns, size_t at, int64_t *target);
/* Whether `*entry` was set: the index of a function that it calls or takes the address of. */
bool insn_refers(const struct bpf_insn *insns, size_t at, int64_t *entry);
/* Whether the instruction behind it can be the next. */
bool insn_continues(const struct bpf_insn *insn);
/*
 * Whether the program may end in it although the next instruction follows it: a tail call, the
 * packet loads of classic BPF, and calls of functions, which may throw.
 */
bool insn_may_end(const struct bpf_insn *insn);

#endif
