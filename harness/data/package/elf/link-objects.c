// SPDX-License-Identifier: Apache-2.0
/*
 * Host program: links BPF objects with libbpf's static linker, as `bpftool gen object` does.
 * Arguments: the object to write and those to link. Messages of libbpf go to stderr, where the
 * objects are called fd:4, fd:5, ... in their order; exit status 1 when they cannot be linked.
 */
#include <bpf/libbpf.h>
#include <fcntl.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#define OUTPUT 3

#if defined(__x86_64__)
#define ARCHITECTURE AUDIT_ARCH_X86_64
#elif defined(__aarch64__)
#define ARCHITECTURE AUDIT_ARCH_AARCH64
#else
#error "name the architecture for the seccomp filter"
#endif

#define ALLOW(call) \
	BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, __NR_##call, 0, 1), BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW)

/*
 * A hostile object may take over libelf or libbpf: from here on the process has its open files and
 * memory, and nothing else.
 */
static int shut_in(void)
{
	struct sock_filter code[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, arch)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, ARCHITECTURE, 1, 0),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_KILL_PROCESS),
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
		ALLOW(read), ALLOW(write), ALLOW(pread64), ALLOW(pwrite64), ALLOW(lseek), ALLOW(ftruncate), ALLOW(close),
		ALLOW(fstat),
#ifdef __NR_newfstatat
		ALLOW(newfstatat),
#endif
		ALLOW(fcntl), ALLOW(mmap), ALLOW(munmap), ALLOW(mremap), ALLOW(mprotect), ALLOW(madvise), ALLOW(msync),
		ALLOW(brk), ALLOW(getrandom), ALLOW(futex), ALLOW(exit), ALLOW(exit_group),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_KILL_PROCESS),
	};
	struct sock_fprog filter = { .len = sizeof(code) / sizeof(code[0]), .filter = code };
	struct rlimit memory = { 1ull << 30, 1ull << 30 };
	struct rlimit size = { 256ull << 20, 256ull << 20 };

	if (setrlimit(RLIMIT_AS, &memory) || setrlimit(RLIMIT_FSIZE, &size))
		return -1;
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0))
		return -1;
	return prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &filter);
}

static int opened_as(const char *path, int flags, int wanted)
{
	int fd = open(path, flags, 0600);

	return fd == wanted || (fd >= 0 && dup2(fd, wanted) == wanted && close(fd) == 0) ? 0 : -1;
}

int main(int argc, char **argv)
{
	struct bpf_linker *linker;
	int error = 0;

	for (int i = 1; i < argc; i++) {
		int flags = i == 1 ? O_RDWR | O_CREAT | O_TRUNC : O_RDONLY;

		if (opened_as(argv[i], flags, OUTPUT + i - 1)) {
			perror(argv[i]);
			return 2;
		}
	}
	if (argc < 3 || shut_in()) {
		perror("link-objects");
		return 2;
	}
	linker = bpf_linker__new_fd(OUTPUT, NULL);
	if (!linker)
		return 2;
	for (int i = 2; i < argc && !error; i++) {
		error = bpf_linker__add_fd(linker, OUTPUT + i - 1, NULL);
		if (error)
			fprintf(stderr, "adding fd:%d: %s\n", OUTPUT + i - 1, strerror(-error));
	}
	if (!error)
		error = bpf_linker__finalize(linker);
	return error ? 1 : 0;
}
