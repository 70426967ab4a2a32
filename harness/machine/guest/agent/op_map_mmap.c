// SPDX-License-Identifier: Apache-2.0
#include <errno.h>
#include <sys/mman.h>

#include <bpf/bpf.h>

#include "handle_fd.h"
#include "operation.h"

void op_map_mmap(struct args *args, struct reply *reply)
{
	uint32_t size = args_uint(args, "bytes", UINT32_MAX);
	bool freeze = args_bool_or(args, "freeze", false);
	int fd = handle_fd_own(args, reply);
	void *memory;

	if (fd < 0)
		return;
	memory = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (memory == MAP_FAILED) {
		int error = errno;

		reply_map(reply, 1);
		reply_key_uint(reply, "mapped", error);
		return;
	}
	reply_map(reply, freeze ? 2 : 1);
	reply_key_uint(reply, "mapped", 0);
	if (freeze) {
		int error = bpf_map_freeze(fd);

		reply_key_uint(reply, "frozen", error < 0 ? -error : 0);
	}
	munmap(memory, size);
}
