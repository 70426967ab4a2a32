// SPDX-License-Identifier: Apache-2.0
#include <errno.h>
#include <sys/mman.h>

#include <bpf/bpf.h>

#include "handle.h"
#include "operation.h"

void op_map_mmap(struct args *args, struct reply *reply)
{
	struct handle *handle = handle_find(args_uint(args, "handle", UINT32_MAX), HANDLE_FD);
	uint32_t size = args_uint(args, "bytes", UINT32_MAX);
	bool freeze = args_bool_or(args, "freeze", false);
	void *memory;

	if (!args_valid(args))
		return;
	if (!handle) {
		reply_fail(reply, EBADF, "handle");
		return;
	}
	memory = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, handle->fd, 0);
	if (memory == MAP_FAILED) {
		int error = errno;

		reply_map(reply, 1);
		reply_key_uint(reply, "mapped", error);
		return;
	}
	reply_map(reply, freeze ? 2 : 1);
	reply_key_uint(reply, "mapped", 0);
	if (freeze) {
		int error = bpf_map_freeze(handle->fd);

		reply_key_uint(reply, "frozen", error < 0 ? -error : 0);
	}
	munmap(memory, size);
}
