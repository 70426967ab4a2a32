// SPDX-License-Identifier: Apache-2.0
#include <errno.h>
#include <linux/bpf.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "handle.h"
#include "handle_fd.h"
#include "operation.h"
#include "request.h"
#include "strays.h"
#include "user.h"

/* The kernel accepts at most a page. A test may send more than it knows, to see it refused. */
#define MAX_ATTR 4096
#define MAX_BLOBS 64

/* Commands that return a new file descriptor (uapi/linux/bpf.h). */
static bool returns_fd(uint32_t cmd)
{
	switch (cmd) {
	case BPF_MAP_CREATE:
	case BPF_PROG_LOAD:
	case BPF_OBJ_GET:
	case BPF_PROG_GET_FD_BY_ID:
	case BPF_MAP_GET_FD_BY_ID:
	case BPF_RAW_TRACEPOINT_OPEN:
	case BPF_BTF_LOAD:
	case BPF_BTF_GET_FD_BY_ID:
	case BPF_LINK_CREATE:
	case BPF_LINK_GET_FD_BY_ID:
	case BPF_ENABLE_STATS:
	case BPF_ITER_CREATE:
	case BPF_TOKEN_CREATE:
		return true;
	default:
		return false;
	}
}

struct blob {
	uint8_t *data;
	uint32_t length;
	bool out;
};

/*
 * Where to write `size` bytes: at the element's offset in `attr`, or in the blob that it names.
 * NULL after a complaint.
 */
static uint8_t *place(struct args *args, const char *key, struct args *element, size_t size, uint8_t *attr,
		      uint32_t length, const struct blob *blobs, uint32_t blob_count)
{
	uint64_t offset = args_uint(element, "offset", UINT32_MAX);
	uint32_t blob = args_uint_or(element, "blob", UINT32_MAX, 0);

	if (args_valid(args) && args_has(element, "blob")) {
		if (blob >= blob_count) {
			args_complain(args, key, "names blob %u of %u", blob, blob_count);
			return NULL;
		}
		attr = blobs[blob].data;
		length = blobs[blob].length;
	}
	if (args_valid(args) && offset + size > length)
		args_complain(args, key, "has an offset beyond its attr or blob");
	return args_valid(args) ? attr + offset : NULL;
}

static void take_blobs(struct args *args, struct blob *blobs, uint32_t count)
{
	for (uint32_t i = 0; i < count; i++) {
		struct args element = args_element(args, "blobs", i);
		struct bytes data = args_bytes(&element, "data", UINT32_MAX);

		if (!args_valid(args))
			return;
		blobs[i].data = malloc(data.length ? data.length : 1);
		if (!blobs[i].data) {
			args_complain(args, "blobs", "does not fit into memory");
			return;
		}
		memcpy(blobs[i].data, data.data, data.length);
		blobs[i].length = data.length;
		blobs[i].out = args_bool_or(&element, "out", false);
	}
}

static void patch_blobs(struct args *args, uint8_t *attr, uint32_t length, const struct blob *blobs, uint32_t count)
{
	for (uint32_t i = 0; i < count && args_valid(args); i++) {
		struct args element = args_element(args, "blobs", i);
		uint64_t pointer = (uintptr_t)blobs[i].data;
		uint8_t *at = place(args, "blobs", &element, sizeof(pointer), attr, length, blobs, count);

		if (at)
			memcpy(at, &pointer, sizeof(pointer));
	}
}

static void patch_handles(struct args *args, uint8_t *attr, uint32_t length, const struct blob *blobs, uint32_t count)
{
	for (uint32_t i = 0; i < args_count_or_none(args, "handles", UINT32_MAX) && args_valid(args); i++) {
		struct args element = args_element(args, "handles", i);
		int32_t fd = handle_fd(&element);
		uint8_t *at = place(args, "handles", &element, sizeof(fd), attr, length, blobs, count);

		if (fd < 0)
			args_complain(args, "handles", "names nothing that has a file descriptor");
		else if (at)
			memcpy(at, &fd, sizeof(fd));
	}
}

static void call(uint32_t cmd, uint8_t *attr, uint32_t length, const struct blob *blobs, uint32_t count,
		 struct reply *reply)
{
	bool fd;
	int error;
	long ret;

	if (cmd == BPF_PROG_TEST_RUN)
		strays_begin();
	request_enter_call();
	ret = syscall(SYS_bpf, cmd, attr, length);
	error = ret < 0 ? errno : 0;
	request_leave_call();
	if (cmd == BPF_PROG_TEST_RUN)
		strays_end();
	fd = ret >= 0 && returns_fd(cmd);
	reply_map(reply, fd ? 5 : 4);
	reply_key_int(reply, "ret", ret);
	reply_key_uint(reply, "errno", error);
	if (fd)
		reply_key_uint(reply, "fd", handle_fd_new((int)ret));
	reply_key_bytes(reply, "attr", attr, length);
	reply_key(reply, "blobs");
	reply_array(reply, count);
	for (uint32_t i = 0; i < count; i++)
		reply_bytes(reply, blobs[i].data, blobs[i].out ? blobs[i].length : 0);
}

void op_bpf(struct args *args, struct reply *reply)
{
	uint32_t cmd = args_uint(args, "cmd", UINT32_MAX);
	struct bytes given = args_bytes(args, "attr", MAX_ATTR);
	uint32_t count = args_count_or_none(args, "blobs", MAX_BLOBS);
	/* Aligned, because the kernel reads pointers and 64-bit fields from it. */
	uint8_t attr[MAX_ATTR] __attribute__((aligned(8))) = { 0 };
	struct blob blobs[MAX_BLOBS] = { 0 };

	if (!args_valid(args))
		return;
	memcpy(attr, given.data, given.length);
	take_blobs(args, blobs, count);
	patch_blobs(args, attr, given.length, blobs, count);
	patch_handles(args, attr, given.length, blobs, count);
	if (args_valid(args))
		call(cmd, attr, given.length, blobs, count, reply);
	for (uint32_t i = 0; i < count; i++)
		free(blobs[i].data);
}

void op_close(struct args *args, struct reply *reply)
{
	uint32_t id = args_uint(args, "handle", UINT32_MAX);
	struct handle *handle = handle_find(id, HANDLE_FD);

	if (!handle)
		handle = handle_find(id, HANDLE_USER);
	if (!args_valid(args))
		return;
	if (!handle) {
		reply_fail(reply, EBADF, "handle %u", id);
		return;
	}
	if (handle->kind == HANDLE_USER)
		user_end(handle->user);
	else
		close(handle->fd);
	handle_drop(handle);
	reply_map(reply, 0);
}
