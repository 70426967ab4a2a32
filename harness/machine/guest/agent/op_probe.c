// SPDX-License-Identifier: Apache-2.0
#include <bpf/libbpf.h>

#include "libbpf_log.h"
#include "operation.h"
#include "request.h"

/* Beyond the helpers of any kernel; bounds a batch. */
#define MAX_HELPER 4096

static void reply_types(struct args *args, struct reply *reply, const char *key, int (*probe)(uint32_t type))
{
	uint32_t count = args_count_or_none(args, key, UINT32_MAX);

	reply_key(reply, key);
	reply_array(reply, count);
	for (uint32_t i = 0; i < count; i++) {
		reply_int(reply, probe(args_uint_at(args, key, i, UINT32_MAX)));
		request_progress();
	}
}

static int probe_program_type(uint32_t type)
{
	return libbpf_probe_bpf_prog_type(type, NULL);
}

static int probe_map_type(uint32_t type)
{
	return libbpf_probe_bpf_map_type(type, NULL);
}

static void reply_helpers(struct args *args, struct reply *reply, uint32_t index)
{
	struct args batch = args_element(args, "helpers", index);
	uint32_t type = args_uint(&batch, "program_type", UINT32_MAX);
	uint32_t from = args_uint(&batch, "from", MAX_HELPER);
	uint32_t to = args_uint(&batch, "to", MAX_HELPER);

	if (to < from)
		to = from;
	reply_array(reply, to - from);
	for (uint32_t helper = from; helper < to; helper++) {
		reply_int(reply, libbpf_probe_bpf_helper(type, helper, NULL));
		request_progress();
	}
}

void op_probe(struct args *args, struct reply *reply)
{
	uint32_t helpers = args_count_or_none(args, "helpers", UINT32_MAX);

	libbpf_log_begin();
	reply_map(reply, 3);
	reply_types(args, reply, "program_types", probe_program_type);
	reply_types(args, reply, "map_types", probe_map_type);
	reply_key(reply, "helpers");
	reply_array(reply, helpers);
	for (uint32_t i = 0; i < helpers; i++)
		reply_helpers(args, reply, i);
}
