// SPDX-License-Identifier: Apache-2.0
#include "probes.h"

#include <stdlib.h>
#include <string.h>

#include "insn.h"
#include "memory.h"

/* Two slots for the address, one for the store. */
#define PROBE_SLOTS 3

struct probe {
	size_t at;
	unsigned int reg;
};

/*
 * The first place in a block with a free register; a block runs as a whole, so any place will do.
 * Prefer registers that calls clobber: the JIT need not save them.
 */
static bool find_probe(const struct flow *flow, const struct block *block, struct probe *probe)
{
	static const unsigned int order[] = { 5, 4, 3, 2, 1, 0, 9, 8, 7, 6 };

	for (size_t at = block->start; at < block->end; at += insn_slots(&flow->insns[at])) {
		uint16_t registers = flow_free_registers(flow, at);

		for (size_t i = 0; i < sizeof(order) / sizeof(order[0]); i++) {
			if (!(registers & (1u << order[i])))
				continue;
			*probe = (struct probe){ .at = at, .reg = order[i] };
			return true;
		}
	}
	return false;
}

void probes_place(const struct flow *flow, bool *has_probe)
{
	struct probe probe;

	for (size_t i = 0; i < flow->block_count; i++)
		has_probe[i] = find_probe(flow, &flow->blocks[i], &probe);
}

static void write_probe(struct bpf_insn *to, unsigned int reg, int map_fd, uint32_t offset)
{
	to[0] = (struct bpf_insn){
		.code = BPF_LD | BPF_IMM | BPF_DW,
		.dst_reg = reg,
		.src_reg = BPF_PSEUDO_MAP_VALUE,
		.imm = map_fd,
	};
	to[1] = (struct bpf_insn){ .imm = offset };
	to[2] = (struct bpf_insn){ .code = BPF_ST | BPF_MEM | BPF_B, .dst_reg = reg, .imm = 1 };
}

/*
 * By old slot: the new target of a jump to it, and one more for the end. The instruction itself may
 * follow a probe.
 */
struct moves {
	uint32_t *landing;
	bool *probed;
};

static size_t moved(const struct moves *moves, size_t at)
{
	return moves->landing[at] + (moves->probed[at] ? PROBE_SLOTS : 0);
}

/* False if the new offset does not fit. */
static bool aim(struct bpf_insn *insn, const struct flow *flow, const struct moves *moves, size_t at)
{
	int64_t from = (int64_t)moved(moves, at) + 1, to;

	if (insn_refers(flow->insns, at, &to)) {
		insn->imm = moves->landing[to] - from;
	} else if (insn_jumps(flow->insns, at, &to)) {
		int64_t way = (int64_t)moves->landing[to] - from;

		if (insn->code == (BPF_JMP32 | BPF_JA)) {
			insn->imm = way;
			return true;
		}
		insn->off = way;
		return way >= INT16_MIN && way <= INT16_MAX;
	}
	return true;
}

/* Records begin with an instruction's index: struct bpf_line_info and bpf_func_info. */
static void *move_records(const void *records, uint32_t size, uint32_t count, const struct flow *flow,
			  const struct moves *moves)
{
	uint8_t *copy;

	if (!records || count == 0)
		return NULL;
	copy = memory_copy(records, (size_t)size * count);
	for (uint32_t i = 0; i < count; i++) {
		uint32_t offset;

		memcpy(&offset, copy + (size_t)i * size, sizeof(offset));
		if (offset < flow->count)
			memcpy(copy + (size_t)i * size, &moves->landing[offset], sizeof(offset));
	}
	return copy;
}

const char *probes_insert(struct probed *probed, const struct flow *flow, int map_fd,
			  const struct bpf_prog_load_opts *opts)
{
	struct moves moves = {
		.landing = memory_zeroed((flow->count + 1) * sizeof(*moves.landing)),
		.probed = memory_zeroed((flow->count + 1) * sizeof(*moves.probed)),
	};
	bool reaches = true;
	size_t to = 0;

	*probed = (struct probed){ .opts = *opts };
	probed->insns = memory_zeroed((flow->count + PROBE_SLOTS * flow->block_count) * sizeof(struct bpf_insn));
	for (size_t i = 0; i < flow->block_count; i++) {
		const struct block *block = &flow->blocks[i];
		struct probe probe = { .at = block->end };
		bool has_probe = find_probe(flow, block, &probe);

		for (size_t at = block->start; at < block->end; at++) {
			moves.landing[at] = to;
			if (has_probe && at == probe.at) {
				moves.probed[at] = true;
				write_probe(probed->insns + to, probe.reg, map_fd, i);
				to += PROBE_SLOTS;
			}
			probed->insns[to++] = flow->insns[at];
		}
	}
	moves.landing[flow->count] = probed->count = to;
	for (size_t at = 0; at < flow->count; at += insn_slots(&flow->insns[at]))
		reaches &= aim(&probed->insns[moved(&moves, at)], flow, &moves, at);
	probed->line_info = move_records(opts->line_info, opts->line_info_rec_size, opts->line_info_cnt, flow, &moves);
	probed->func_info = move_records(opts->func_info, opts->func_info_rec_size, opts->func_info_cnt, flow, &moves);
	probed->opts.line_info = probed->line_info;
	probed->opts.func_info = probed->func_info;
	free(moves.landing);
	free(moves.probed);
	return reaches ? NULL : "with probes the offset of a jump exceeds 16 bits";
}

void probes_free(struct probed *probed)
{
	free(probed->insns);
	free(probed->line_info);
	free(probed->func_info);
	*probed = (struct probed){ 0 };
}
