// SPDX-License-Identifier: Apache-2.0
#include <sys/sysinfo.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "modules.h"
#include "operation.h"
#include "request.h"

#include <errno.h>

#define PROTOCOL 1

void op_hello(struct args *args, struct reply *reply)
{
	struct bytes nonce = args_bytes(args, "nonce", CHANNEL_NONCE);
	struct utsname system;
	struct sysinfo memory;

	if (nonce.length != CHANNEL_NONCE)
		args_complain(args, "nonce", "has %u bytes, expected %d", nonce.length, CHANNEL_NONCE);
	if (!args_valid(args))
		return;
	if (!request_bind(nonce.data)) {
		reply_fail(reply, EALREADY, "hello was already sent");
		return;
	}
	uname(&system);
	sysinfo(&memory);
	reply_map(reply, 8);
	reply_key_uint(reply, "protocol", PROTOCOL);
	reply_key_string(reply, "release", system.release);
	reply_key_string(reply, "version", system.version);
	reply_key_string(reply, "machine", system.machine);
	reply_key_uint(reply, "cpus", sysconf(_SC_NPROCESSORS_ONLN));
	reply_key_uint(reply, "mem_kb", (uint64_t)memory.totalram * memory.mem_unit / 1024);
	reply_key_bool(reply, "vmlinux_btf", access("/sys/kernel/btf/vmlinux", R_OK) == 0);
	reply_key(reply, "modules");
	modules_reply_loaded(reply);
}

void op_ping(struct args *args, struct reply *reply)
{
	(void)args;
	reply_map(reply, 0);
}
