// SPDX-License-Identifier: Apache-2.0
#include "confine-calls.h"

#include <errno.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>

#if defined(__x86_64__)
#define ARCHITECTURE AUDIT_ARCH_X86_64
/* Calls of the x32 ABI have this bit; they would get past a list of numbers. */
#define FOREIGN_CALLS 0x40000000
#elif defined(__aarch64__)
#define ARCHITECTURE AUDIT_ARCH_AARCH64
#define FOREIGN_CALLS 0x80000000
#else
#error "name the architecture for the seccomp filter"
#endif

#define ANSWER(allowed) BPF_STMT(BPF_RET | BPF_K, (allowed) ? SECCOMP_RET_ALLOW : SECCOMP_RET_ERRNO | EPERM)
#define REFUSE ANSWER(false)
#define FORBID(call) BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_##call, 0, 1), REFUSE

int confine_calls(struct confined_calls allowed)
{
	struct sock_filter code[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, arch)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, ARCHITECTURE, 1, 0), REFUSE,
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
		BPF_JUMP(BPF_JMP | BPF_JGE | BPF_K, FOREIGN_CALLS, 0, 1), REFUSE,
		/* Other processes */
		FORBID(ptrace), FORBID(process_vm_readv), FORBID(process_vm_writev), FORBID(pidfd_getfd),
		FORBID(kcmp), FORBID(process_madvise),
		/* The kernel's large and young interfaces */
		FORBID(bpf), FORBID(perf_event_open), FORBID(userfaultfd), FORBID(io_uring_setup),
		FORBID(io_uring_enter), FORBID(io_uring_register), FORBID(add_key), FORBID(request_key),
		FORBID(keyctl),
		/* Mounts and namespaces */
		FORBID(unshare), FORBID(setns), FORBID(mount), FORBID(umount2), FORBID(pivot_root),
		FORBID(chroot), FORBID(open_tree), FORBID(move_mount), FORBID(fsopen), FORBID(fsmount),
		FORBID(fspick), FORBID(mount_setattr), FORBID(name_to_handle_at), FORBID(open_by_handle_at),
		/* The machine */
		FORBID(init_module), FORBID(finit_module), FORBID(delete_module), FORBID(kexec_load),
		FORBID(reboot), FORBID(swapon), FORBID(swapoff), FORBID(syslog), FORBID(acct),
		FORBID(quotactl), FORBID(settimeofday), FORBID(clock_settime), FORBID(adjtimex),
		FORBID(clock_adjtime), FORBID(sethostname), FORBID(setdomainname),
		/* The RAM of a template, which QEMU before 8.2 opens for writing */
		FORBID(ftruncate), FORBID(fallocate), FORBID(remap_file_pages),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_socket, 0, 1), ANSWER(allowed.sockets),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_mmap, 0, 3),
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, args[3])),
		BPF_JUMP(BPF_JMP | BPF_JSET | BPF_K, MAP_SHARED, 0, 1), ANSWER(allowed.shared),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	struct sock_fprog filter = { .len = sizeof(code) / sizeof(code[0]), .filter = code };

	return prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &filter);
}
