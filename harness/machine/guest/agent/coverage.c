// SPDX-License-Identifier: Apache-2.0
#include "coverage.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "memory.h"
#include "object_token.h"
#include "probes.h"

static void keep_origin(struct coverage *coverage, const struct flow *flow, const struct bpf_prog_load_opts *opts)
{
	coverage->insns = flow->count;
	coverage->line_info_size = opts->line_info_rec_size;
	coverage->line_info_count = opts->line_info ? opts->line_info_cnt : 0;
	coverage->line_info =
		memory_copy(opts->line_info, (size_t)coverage->line_info_size * coverage->line_info_count);
	coverage->func_info_size = opts->func_info_rec_size;
	coverage->func_info_count = opts->func_info ? opts->func_info_cnt : 0;
	coverage->func_info =
		memory_copy(opts->func_info, (size_t)coverage->func_info_size * coverage->func_info_count);
	coverage->block_count = flow->block_count;
	coverage->blocks = memory_copy(flow->blocks, flow->block_count * sizeof(struct block));
	coverage->has_probe = memory_zeroed(flow->block_count * sizeof(bool));
	probes_place(flow, coverage->has_probe);
}

/* The verifier's last line before its statistics. */
static void note_refusal(struct coverage *coverage, int error, char *log)
{
	char *line = NULL;

	for (char *next = strtok(log, "\n"); next; next = strtok(NULL, "\n")) {
		if (strncmp(next, "processed ", 10) != 0 && strncmp(next, "verification time", 17) != 0)
			line = next;
	}
	snprintf(coverage->obstacle, sizeof(coverage->obstacle), "the kernel refuses it with probes: %s%s%.160s",
		 strerror(error), line ? ": " : "", line ? line : "");
}

static int load_probed(struct coverage *coverage, struct probed *probed, load_fn *load, enum bpf_prog_type type,
		       const char *name, const char *license)
{
	/* Only the last line is needed; log level 1 is enough for it. */
	static char log[64 * 1024];
	struct bpf_prog_load_opts *opts = &probed->opts;
	int fd = load(type, name, license, probed->insns, probed->count, opts);
	int error = errno;

	if (fd < 0 && error != ENOSPC) {
		opts->log_level = 1;
		opts->log_buf = log;
		opts->log_size = sizeof(log);
		log[0] = '\0';
		/*
		 * Kernels from 6.4 on keep the end of a log that is too long; older ones keep its
		 * beginning, which does not help.
		 */
		load(type, name, license, probed->insns, probed->count, opts);
		if (errno == ENOSPC && strlen(log) + 1 >= sizeof(log))
			log[0] = '\0';
	}
	if (fd < 0)
		note_refusal(coverage, error, log);
	return fd;
}

int coverage_load(struct coverage *coverage, load_fn *load, enum bpf_prog_type type, const char *name,
		  const char *license, const struct bpf_insn *insns, size_t insn_cnt,
		  const struct bpf_prog_load_opts *opts)
{
	LIBBPF_OPTS(bpf_map_create_opts, map);
	struct probed probed = { 0 };
	struct flow flow;
	const char *complaint = flow_analyse(&flow, insns, insn_cnt, opts);
	int fd = -1;

	coverage->map_fd = -1;
	if (!complaint) {
		keep_origin(coverage, &flow, opts);
		object_token_use(&map, opts->token_fd);
		coverage->map_fd = bpf_map_create(BPF_MAP_TYPE_ARRAY, "bpfgate_cov", sizeof(uint32_t),
						  coverage->block_count, 1, &map);
		if (coverage->map_fd < 0)
			complaint = "its coverage map cannot be created";
	}
	if (!complaint)
		complaint = probes_insert(&probed, &flow, coverage->map_fd, opts);
	if (complaint) {
		snprintf(coverage->obstacle, sizeof(coverage->obstacle), "%s", complaint);
	} else {
		coverage->probed_insns = probed.count;
		fd = load_probed(coverage, &probed, load, type, name, license);
	}
	if (fd < 0 && coverage->map_fd >= 0) {
		close(coverage->map_fd);
		coverage->map_fd = -1;
	}
	probes_free(&probed);
	flow_free(&flow);
	return fd;
}

int coverage_reached(const struct coverage *coverage, uint8_t *reached)
{
	uint32_t key = 0;
	/* The kernel copies multiples of 8 bytes. */
	uint8_t *value = memory_zeroed((coverage->block_count + 7) / 8 * 8);
	int error = bpf_map_lookup_elem(coverage->map_fd, &key, value);

	if (!error)
		memcpy(reached, value, coverage->block_count);
	free(value);
	return error;
}

void coverage_free(struct coverage *coverage)
{
	if (coverage->map_fd >= 0 && coverage->blocks)
		close(coverage->map_fd);
	free(coverage->blocks);
	free(coverage->has_probe);
	free(coverage->line_info);
	free(coverage->func_info);
	*coverage = (struct coverage){ .map_fd = -1 };
}
