// SPDX-License-Identifier: Apache-2.0
#define _GNU_SOURCE
#include "command_view.h"

#include <errno.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <stddef.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/syscall.h>

#if defined(__x86_64__)
#define ARCHITECTURE AUDIT_ARCH_X86_64
/* System calls of x32 have this bit (arch/x86/include/uapi/asm/unistd.h). */
#define FOREIGN 0x40000000
#elif defined(__aarch64__)
#define ARCHITECTURE AUDIT_ARCH_AARCH64
#define FOREIGN 0x80000000
#else
#error "name the architecture of seccomp_data"
#endif

/* From 6.15. */
#ifndef SYS_open_tree_attr
#define SYS_open_tree_attr 467
#endif

/*
 * Each becomes a mount that is read-only and without devices. Through sysfs a command could take
 * the agent's port from its driver, through /proc/sys have the kernel start a program outside,
 * through /proc/bus/pci reach the registers of the port's device, which can use any memory.
 */
static const char *const closed[] = {
	"/sys", "/sys/kernel/debug", "/proc/sys", "/proc/sysrq-trigger", "/proc/bus",
};

/*
 * The only devices that it can open. Not the kernel's log; not the console: its port, in loopback
 * (TIOCM_LOOP), keeps what the kernel prints.
 */
static const char *const devices[] = {
	"/dev/null", "/dev/zero", "/dev/full", "/dev/random", "/dev/urandom", "/dev/tty", "/dev/net/tun", "/dev/fuse",
};

/* With a handle, a file can be opened through another mount of its file system. */
static const int forbidden[] = {
	SYS_mount,  SYS_umount2, SYS_pivot_root, SYS_move_mount,    SYS_open_tree,	SYS_open_by_handle_at,
	SYS_fsopen, SYS_fsmount, SYS_fspick,	 SYS_mount_setattr, SYS_open_tree_attr,
};

#define CALLS (sizeof(forbidden) / sizeof(forbidden[0]))

static int close_path(const char *path)
{
	unsigned long flags = MS_BIND | MS_REMOUNT | MS_RDONLY | MS_NODEV;

	if (mount(NULL, path, NULL, flags, NULL) == 0)
		return 0;
	/* Not every kernel has each, and most are no mounts yet. */
	if (errno != EINVAL || mount(path, path, NULL, MS_BIND, NULL) < 0)
		return errno == ENOENT ? 0 : errno;
	return mount(NULL, path, NULL, flags, NULL) < 0 ? errno : 0;
}

/* Mounts of their own keep the devices in `devices` when /dev loses its own. */
static int close_devices(void)
{
	for (size_t i = 0; i < sizeof(devices) / sizeof(devices[0]); i++) {
		if (mount(devices[i], devices[i], NULL, MS_BIND, NULL) < 0 && errno != ENOENT)
			return errno;
	}
	return mount(NULL, "/dev", NULL, MS_BIND | MS_REMOUNT | MS_NODEV, NULL) < 0 ? errno : 0;
}

static int forbid_calls(void)
{
	struct sock_filter code[6 + CALLS] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, arch)),
		/* System calls of another architecture have other numbers. */
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, ARCHITECTURE, 0, CALLS + 3),
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
		BPF_JUMP(BPF_JMP | BPF_JSET | BPF_K, FOREIGN, CALLS + 1, 0),
	};
	struct sock_fprog program = { sizeof(code) / sizeof(code[0]), code };
	size_t at = 4;

	for (size_t i = 0; i < CALLS; i++, at++)
		code[at] = (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (unsigned int)forbidden[i],
							CALLS - i, 0);
	code[at++] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW);
	code[at] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EPERM);
	if (prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program, 0, 0) < 0 && errno != EINVAL)
		return errno;
	return 0;
}

int command_limit_view(const char **what)
{
	int error = 0;

	*what = "create a mount namespace";
	if (unshare(CLONE_NEWNS) < 0 || mount(NULL, "/", NULL, MS_REC | MS_SLAVE, NULL) < 0)
		return errno;
	*what = "make a part of the system read-only";
	for (size_t i = 0; !error && i < sizeof(closed) / sizeof(closed[0]); i++)
		error = close_path(closed[i]);
	if (error)
		return error;
	*what = "close the devices";
	error = close_devices();
	if (error)
		return error;
	*what = "forbid system calls";
	return forbid_calls();
}
