// SPDX-License-Identifier: Apache-2.0
#ifndef BPFGATE_INSN_H
#define BPFGATE_INSN_H

#include <linux/bpf.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Effect of an instruction on registers: bit n is rn, of r0 to r9. */
struct insn_effect {
	uint16_t uses;
	/* Written. */
	uint16_t defs;
	/* Unreadable afterwards, until they are written again. */
	uint16_t clobbers;
};

#define ARGUMENT_REGISTERS 0x3e
#define ALL_REGISTERS 0x3ff

/*
 * False for an unknown instruction. The number of a call's arguments is unknown: all argument
 * registers count as used.
 */
bool insn_effect(const struct bpf_insn *insn, struct insn_effect *effect);
/* Number of slots: 2 for a 64-bit constant. */
size_t insn_slots(const struct bpf_insn *insn);
/* True for a jump: sets `*target` to the index of its target. */
bool insn_jumps(const struct bpf_insn *insns, size_t at, int64_t *target);
/* True for a call or an address of a function of the program: sets `*entry` to its index. */
bool insn_refers(const struct bpf_insn *insns, size_t at, int64_t *entry);
/* True if the next instruction may run after it. */
bool insn_continues(const struct bpf_insn *insn);
/*
 * True if the program may end here although an instruction follows: a tail call, a packet load of
 * classic BPF, or a function call that may throw.
 */
bool insn_may_end(const struct bpf_insn *insn);

#endif
