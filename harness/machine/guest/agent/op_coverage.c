// SPDX-License-Identifier: Apache-2.0
#include <stdlib.h>
#include <string.h>

#include "memory.h"
#include "object.h"
#include "operation.h"

static void reply_blocks(struct reply *reply, const struct coverage *coverage)
{
	uint32_t *sizes = memory_zeroed(coverage->block_count * 2 * sizeof(*sizes));

	for (size_t i = 0; i < coverage->block_count; i++) {
		sizes[2 * i] = coverage->blocks[i].start;
		sizes[2 * i + 1] = coverage->blocks[i].size;
	}
	reply_key_bytes(reply, "blocks", sizes, coverage->block_count * 2 * sizeof(*sizes));
	free(sizes);
}

/* One byte per block: 0 not reached, 1 reached, 2 without a probe. */
static bool reply_reached(struct reply *reply, const struct coverage *coverage)
{
	uint8_t *reached = memory_zeroed(coverage->block_count);
	int error = coverage_reached(coverage, reached);

	for (size_t i = 0; i < coverage->block_count; i++) {
		if (!coverage->has_probe[i])
			reached[i] = 2;
	}
	if (!error)
		reply_key_bytes(reply, "reached", reached, coverage->block_count);
	else
		reply_fail(reply, error, "read the coverage map");
	free(reached);
	return error == 0;
}

static bool reply_program(struct reply *reply, const struct coverage_entry *entry)
{
	const struct coverage *coverage = &entry->coverage;

	if (coverage->map_fd < 0) {
		reply_map(reply, 2);
		reply_key_string(reply, "name", bpf_program__name(entry->program));
		reply_key_string(reply, "obstacle", coverage->obstacle);
		return true;
	}
	reply_map(reply, 9);
	reply_key_string(reply, "name", bpf_program__name(entry->program));
	reply_key_uint(reply, "insns", coverage->insns);
	reply_key_uint(reply, "probed_insns", coverage->probed_insns);
	reply_blocks(reply, coverage);
	reply_key_uint(reply, "line_info_size", coverage->line_info_size);
	reply_key_bytes(reply, "line_info", coverage->line_info,
			coverage->line_info_size * coverage->line_info_count);
	reply_key_uint(reply, "func_info_size", coverage->func_info_size);
	reply_key_bytes(reply, "func_info", coverage->func_info,
			coverage->func_info_size * coverage->func_info_count);
	return reply_reached(reply, coverage);
}

void op_coverage_read(struct args *args, struct reply *reply)
{
	struct object *object = object_argument(args, "object", reply);

	if (!object || !args_valid(args))
		return;
	reply_map(reply, 1);
	reply_key(reply, "programs");
	reply_array(reply, object->coverage_count);
	for (size_t i = 0; i < object->coverage_count; i++) {
		if (!reply_program(reply, &object->coverage[i]))
			return;
	}
}
