// SPDX-License-Identifier: Apache-2.0
#include "flow.h"

#include <stdlib.h>
#include <string.h>

#include "insn.h"
#include "liveness.h"
#include "memory.h"

/* Marks the first instruction of each block. Returns the obstacle, or NULL. */
static const char *find_leaders(struct flow *flow, bool *leader)
{
	const struct bpf_insn *insns = flow->insns;
	int64_t count = flow->count;

	leader[0] = true;
	for (int64_t at = 0; at < count; at += insn_slots(&insns[at])) {
		int64_t next = at + insn_slots(&insns[at]), other;
		struct insn_effect effect;
		bool ends = insn_may_end(&insns[at]) || !insn_continues(&insns[at]);

		if (next > count || !insn_effect(&insns[at], &effect))
			return "it has an unknown instruction";
		if (insn_jumps(insns, at, &other) || insn_refers(insns, at, &other)) {
			if (other < 0 || other >= count)
				return "a jump leaves the program";
			leader[other] = true;
			flow->entry[other] |= insn_refers(insns, at, &other);
			ends |= insn_jumps(insns, at, &other);
		}
		if (ends && next < count)
			leader[next] = true;
	}
	return NULL;
}

/* A function that the program does not refer to: an exception callback is known only from BTF. */
static void find_functions(struct flow *flow, const struct bpf_prog_load_opts *opts, bool *leader)
{
	const uint8_t *records = opts->func_info;

	for (uint32_t i = 0; records && i < opts->func_info_cnt; i++) {
		uint32_t offset;

		memcpy(&offset, records + (size_t)i * opts->func_info_rec_size, sizeof(offset));
		if (offset < flow->count)
			leader[offset] = flow->entry[offset] = true;
	}
}

static void make_blocks(struct flow *flow, const bool *leader)
{
	size_t count = 0;

	for (size_t at = 0; at < flow->count; at++)
		count += leader[at];
	flow->blocks = memory_zeroed(count * sizeof(*flow->blocks));
	for (size_t at = 0; at < flow->count; at += insn_slots(&flow->insns[at])) {
		struct block *block;

		if (leader[at])
			flow->blocks[flow->block_count++].start = at;
		block = &flow->blocks[flow->block_count - 1];
		block->size++;
		block->end = at + insn_slots(&flow->insns[at]);
	}
}

const char *flow_analyse(struct flow *flow, const struct bpf_insn *insns, size_t count,
			 const struct bpf_prog_load_opts *opts)
{
	const char *complaint;
	bool *leader;

	*flow = (struct flow){ .insns = insns, .count = count };
	if (count == 0)
		return "it has no instructions";
	leader = memory_zeroed(count * sizeof(*leader));
	flow->entry = memory_zeroed(count * sizeof(*flow->entry));
	flow->live = memory_zeroed(count * sizeof(*flow->live));
	flow->written = memory_zeroed(count * sizeof(*flow->written));
	complaint = find_leaders(flow, leader);
	if (!complaint) {
		find_functions(flow, opts, leader);
		make_blocks(flow, leader);
		liveness_live(flow);
		liveness_written(flow);
	}
	free(leader);
	return complaint;
}

void flow_free(struct flow *flow)
{
	free(flow->blocks);
	free(flow->entry);
	free(flow->live);
	free(flow->written);
	*flow = (struct flow){ 0 };
}

uint16_t flow_free_registers(const struct flow *flow, size_t at)
{
	return ~(flow->live[at] & flow->written[at]) & ALL_REGISTERS;
}
