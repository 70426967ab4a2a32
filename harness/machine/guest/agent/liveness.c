// SPDX-License-Identifier: Apache-2.0
#include "liveness.h"

#include "insn.h"

static uint16_t live_before(const struct bpf_insn *insn, uint16_t after)
{
	struct insn_effect effect;

	insn_effect(insn, &effect);
	return effect.uses | (after & ~(effect.defs | effect.clobbers));
}

static uint16_t written_after(const struct bpf_insn *insn, uint16_t before)
{
	struct insn_effect effect;

	insn_effect(insn, &effect);
	return (before & ~effect.clobbers) | effect.defs;
}

/*
 * Walks a block from its last instruction to its first. True if the live registers at its start
 * have changed.
 */
static bool live_of_block(struct flow *flow, const struct block *block)
{
	uint16_t was = flow->live[block->start];

	/*
	 * Slots cannot be walked backwards directly: the second slot of a constant looks like an
	 * instruction.
	 */
	for (size_t at = block->end; at-- > block->start;) {
		const struct bpf_insn *insn = &flow->insns[at];
		size_t next = at + insn_slots(insn);
		uint16_t after = 0;
		int64_t target;

		if (at > block->start && insn_slots(insn - 1) == 2)
			continue;
		if (insn_continues(insn) && next < flow->count)
			after |= flow->live[next];
		if (insn_jumps(flow->insns, at, &target))
			after |= flow->live[target];
		flow->live[at] = live_before(insn, after);
	}
	return flow->live[block->start] != was;
}

void liveness_live(struct flow *flow)
{
	bool changed = true;

	while (changed) {
		changed = false;
		for (size_t i = flow->block_count; i-- > 0;)
			changed |= live_of_block(flow, &flow->blocks[i]);
	}
}

static bool join(uint16_t *into, uint16_t registers)
{
	uint16_t was = *into;

	*into |= registers;
	return *into != was;
}

/*
 * Walks a block from its first instruction to its successors. True if the written registers at the
 * start of another block have changed.
 */
static bool written_of_block(struct flow *flow, const struct block *block)
{
	bool changed = false;

	for (size_t at = block->start; at < block->end;) {
		const struct bpf_insn *insn = &flow->insns[at];
		size_t next = at + insn_slots(insn);
		uint16_t after = written_after(insn, flow->written[at]);
		int64_t target;

		if (insn_jumps(flow->insns, at, &target))
			changed |= join(&flow->written[target], after);
		if (insn_continues(insn) && next < flow->count)
			changed |= join(&flow->written[next], after) && next == block->end;
		at = next;
	}
	return changed;
}

void liveness_written(struct flow *flow)
{
	bool changed = true;

	/*
	 * Most program types receive only r1, but an freplace program has the arguments of the function
	 * that it replaces.
	 */
	flow->entry[0] = true;
	for (size_t at = 0; at < flow->count; at++) {
		if (flow->entry[at])
			flow->written[at] |= ARGUMENT_REGISTERS;
	}
	while (changed) {
		changed = false;
		for (size_t i = 0; i < flow->block_count; i++)
			changed |= written_of_block(flow, &flow->blocks[i]);
	}
}
