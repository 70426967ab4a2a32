// SPDX-License-Identifier: Apache-2.0
#include "capability.h"

#include <errno.h>
#include <linux/capability.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

/* In the order of their numbers (uapi/linux/capability.h). */
static const char *const names[] = {
	"CAP_CHOWN",	     "CAP_DAC_OVERRIDE", "CAP_DAC_READ_SEARCH", "CAP_FOWNER",	       "CAP_FSETID",
	"CAP_KILL",	     "CAP_SETGID",	 "CAP_SETUID",		"CAP_SETPCAP",	       "CAP_LINUX_IMMUTABLE",
	"CAP_NET_BIND_SERVICE", "CAP_NET_BROADCAST", "CAP_NET_ADMIN",	"CAP_NET_RAW",	       "CAP_IPC_LOCK",
	"CAP_IPC_OWNER",     "CAP_SYS_MODULE",	 "CAP_SYS_RAWIO",	"CAP_SYS_CHROOT",      "CAP_SYS_PTRACE",
	"CAP_SYS_PACCT",     "CAP_SYS_ADMIN",	 "CAP_SYS_BOOT",	"CAP_SYS_NICE",	       "CAP_SYS_RESOURCE",
	"CAP_SYS_TIME",	     "CAP_SYS_TTY_CONFIG", "CAP_MKNOD",		"CAP_LEASE",	       "CAP_AUDIT_WRITE",
	"CAP_AUDIT_CONTROL", "CAP_SETFCAP",	 "CAP_MAC_OVERRIDE",	"CAP_MAC_ADMIN",       "CAP_SYSLOG",
	"CAP_WAKE_ALARM",    "CAP_BLOCK_SUSPEND", "CAP_AUDIT_READ",	"CAP_PERFMON",	       "CAP_BPF",
	"CAP_CHECKPOINT_RESTORE",
};

#define COUNT ((int)(sizeof(names) / sizeof(names[0])))

int capability_number(const char *name)
{
	for (int i = 0; i < COUNT; i++) {
		if (strcmp(names[i], name) == 0)
			return i;
	}
	return -1;
}

uint64_t capability_permitted(void)
{
	struct __user_cap_header_struct head = { .version = _LINUX_CAPABILITY_VERSION_3 };
	struct __user_cap_data_struct data[2] = { 0 };

	syscall(SYS_capget, &head, data);
	return data[0].permitted | (uint64_t)data[1].permitted << 32;
}

int capability_hold(uint64_t set)
{
	struct __user_cap_header_struct head = { .version = _LINUX_CAPABILITY_VERSION_3 };
	struct __user_cap_data_struct data[2];

	for (int i = 0; i < 2; i++)
		data[i].permitted = data[i].effective = data[i].inheritable = (uint32_t)(set >> (32 * i));
	return syscall(SYS_capset, &head, data) < 0 ? -errno : 0;
}

int capability_confine(uint64_t set)
{
	int error;

	for (int i = 0; i < COUNT; i++) {
		if (!(set >> i & 1) && prctl(PR_CAPBSET_DROP, i, 0, 0, 0) < 0)
			return -errno;
	}
	error = capability_hold(set);
	for (int i = 0; i < COUNT && !error; i++) {
		if ((set >> i & 1) && prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, i, 0, 0) < 0)
			error = -errno;
	}
	return error;
}
