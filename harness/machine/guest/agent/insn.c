// SPDX-License-Identifier: Apache-2.0
#include "insn.h"

/* Missing from some versions of linux/bpf.h. */
#define JCOND 0xe0
#define LOAD_ACQUIRE 0x100
#define STORE_RELEASE 0x110

#define CLASS(code) ((code) & 0x07)
#define OPERATION(code) ((code) & 0xf0)
#define MODE(code) ((code) & 0xe0)

static uint16_t bit(unsigned int reg)
{
	return (1u << reg) & ALL_REGISTERS;
}

static bool is_jump_class(const struct bpf_insn *insn)
{
	return CLASS(insn->code) == BPF_JMP || CLASS(insn->code) == BPF_JMP32;
}

static bool is_operation(const struct bpf_insn *insn, uint8_t operation)
{
	return CLASS(insn->code) == BPF_JMP && OPERATION(insn->code) == operation;
}

static bool is_constant64(const struct bpf_insn *insn)
{
	return insn->code == (BPF_LD | BPF_IMM | BPF_DW);
}

static bool atomic_effect(const struct bpf_insn *insn, struct insn_effect *effect)
{
	uint16_t both = bit(insn->dst_reg) | bit(insn->src_reg);

	switch (insn->imm) {
	case LOAD_ACQUIRE:
		*effect = (struct insn_effect){ .uses = bit(insn->src_reg), .defs = bit(insn->dst_reg) };
		return true;
	case BPF_CMPXCHG:
		*effect = (struct insn_effect){ .uses = both | bit(0), .defs = bit(0) };
		return true;
	case STORE_RELEASE:
	case BPF_ADD:
	case BPF_OR:
	case BPF_AND:
	case BPF_XOR:
		*effect = (struct insn_effect){ .uses = both };
		return true;
	case BPF_XCHG:
	case BPF_ADD | BPF_FETCH:
	case BPF_OR | BPF_FETCH:
	case BPF_AND | BPF_FETCH:
	case BPF_XOR | BPF_FETCH:
		*effect = (struct insn_effect){ .uses = both, .defs = bit(insn->src_reg) };
		return true;
	default:
		return false;
	}
}

static bool load_effect(const struct bpf_insn *insn, struct insn_effect *effect)
{
	switch (MODE(insn->code)) {
	case BPF_IMM:
		*effect = (struct insn_effect){ .defs = bit(insn->dst_reg) };
		return is_constant64(insn);
	case BPF_ABS:
	case BPF_IND:
		/* r6 implicitly holds the context. */
		*effect = (struct insn_effect){
			.uses = bit(6),
			.defs = bit(0),
			.clobbers = ARGUMENT_REGISTERS,
		};
		if (MODE(insn->code) == BPF_IND)
			effect->uses |= bit(insn->src_reg);
		return true;
	default:
		return false;
	}
}

static void alu_effect(const struct bpf_insn *insn, struct insn_effect *effect)
{
	bool from_register = insn->code & BPF_X;

	*effect = (struct insn_effect){ .defs = bit(insn->dst_reg) };
	if (OPERATION(insn->code) != BPF_MOV)
		effect->uses |= bit(insn->dst_reg);
	/* For BPF_END this bit is the direction of the swap. */
	if (from_register && OPERATION(insn->code) != BPF_END)
		effect->uses |= bit(insn->src_reg);
}

static bool jump_effect(const struct bpf_insn *insn, struct insn_effect *effect)
{
	bool from_register = insn->code & BPF_X;

	*effect = (struct insn_effect){ 0 };
	switch (OPERATION(insn->code)) {
	case JCOND:
		return true;
	case BPF_JA:
		return !from_register;
	case BPF_EXIT:
		effect->uses = bit(0);
		return true;
	case BPF_CALL:
		*effect = (struct insn_effect){
			.uses = ARGUMENT_REGISTERS,
			.defs = bit(0),
			.clobbers = ARGUMENT_REGISTERS,
		};
		return !from_register;
	default:
		effect->uses = bit(insn->dst_reg) | (from_register ? bit(insn->src_reg) : 0);
		return true;
	}
}

bool insn_effect(const struct bpf_insn *insn, struct insn_effect *effect)
{
	switch (CLASS(insn->code)) {
	case BPF_LD:
		return load_effect(insn, effect);
	case BPF_LDX:
		*effect = (struct insn_effect){ .uses = bit(insn->src_reg), .defs = bit(insn->dst_reg) };
		return true;
	case BPF_ST:
		*effect = (struct insn_effect){ .uses = bit(insn->dst_reg) };
		return MODE(insn->code) == BPF_MEM;
	case BPF_STX:
		if (MODE(insn->code) == BPF_ATOMIC)
			return atomic_effect(insn, effect);
		*effect = (struct insn_effect){ .uses = bit(insn->dst_reg) | bit(insn->src_reg) };
		return MODE(insn->code) == BPF_MEM;
	case BPF_JMP:
	case BPF_JMP32:
		return jump_effect(insn, effect);
	default:
		alu_effect(insn, effect);
		return true;
	}
}

size_t insn_slots(const struct bpf_insn *insn)
{
	return is_constant64(insn) ? 2 : 1;
}

bool insn_jumps(const struct bpf_insn *insns, size_t at, int64_t *target)
{
	const struct bpf_insn *insn = &insns[at];
	bool far = insn->code == (BPF_JMP32 | BPF_JA);

	if (!is_jump_class(insn) || is_operation(insn, BPF_CALL) || is_operation(insn, BPF_EXIT))
		return false;
	*target = (int64_t)at + 1 + (far ? insn->imm : insn->off);
	return true;
}

bool insn_refers(const struct bpf_insn *insns, size_t at, int64_t *entry)
{
	const struct bpf_insn *insn = &insns[at];
	bool calls = is_operation(insn, BPF_CALL) && insn->src_reg == BPF_PSEUDO_CALL;

	if (!calls && !(is_constant64(insn) && insn->src_reg == BPF_PSEUDO_FUNC))
		return false;
	*entry = (int64_t)at + 1 + insn->imm;
	return true;
}

bool insn_continues(const struct bpf_insn *insn)
{
	bool always_jumps = is_jump_class(insn) && OPERATION(insn->code) == BPF_JA;

	return !always_jumps && !is_operation(insn, BPF_EXIT);
}

bool insn_may_end(const struct bpf_insn *insn)
{
	if (CLASS(insn->code) == BPF_LD)
		return MODE(insn->code) == BPF_ABS || MODE(insn->code) == BPF_IND;
	if (!is_operation(insn, BPF_CALL))
		return false;
	return insn->src_reg != 0 || insn->imm == BPF_FUNC_tail_call;
}
