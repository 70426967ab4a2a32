// SPDX-License-Identifier: Apache-2.0
#ifndef BPFGATE_TEST_RUN_H
#define BPFGATE_TEST_RUN_H

#include <bpf/libbpf.h>

#include "args.h"
#include "reply.h"

/* Buffers of one request, as large as its largest run needs. Zeroed they are empty. */
struct test_run_buffers {
	uint8_t *data;
	uint8_t *context;
	uint32_t data_room;
	uint32_t context_room;
};

/*
 * BPF_PROG_TEST_RUN with an element of `runs`; packs a TestRun of ../operations/ unless the element
 * is invalid.
 */
void test_run(struct args *run, const struct bpf_program *program, struct test_run_buffers *buffers,
	      struct reply *reply);
void test_run_buffers_free(struct test_run_buffers *buffers);

#endif
