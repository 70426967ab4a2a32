// SPDX-License-Identifier: Apache-2.0
/*
 * Another root process in the guest, which acts as the attacker, and as the approved loader of the
 * gatekeeper `loader`. The first word is a command, the others its arguments. It prints errnos, one
 * a line, 0 for done.
 */
#define _GNU_SOURCE
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/fsverity.h>
#include <linux/loop.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/ptrace.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

static int report(long result)
{
	printf("%d\n", result < 0 ? errno : 0);
	return result < 0 ? -1 : (int)result;
}

/* The smallest program: r0 = 0; exit. */
static int load(void)
{
	static const struct bpf_insn insns[] = { { .code = 0xb7 }, { .code = 0x95 } };

	return report(bpf_prog_load(BPF_PROG_TYPE_SOCKET_FILTER, "unsigned", "GPL", insns, 2, NULL));
}

static int do_load(char **args)
{
	(void)args;
	load();
	return 0;
}

/* exit with r0 uninitialised: every verifier refuses it. It is not run. */
static int do_load_unverifiable(char **args)
{
	static const struct bpf_insn insn = { .code = 0x95 };

	(void)args;
	report(bpf_prog_load(BPF_PROG_TYPE_SOCKET_FILTER, "unverifiable", "GPL", &insn, 1, NULL));
	return 0;
}

static int do_map(char **args)
{
	(void)args;
	report(bpf_map_create(BPF_MAP_TYPE_ARRAY, "unsigned", 4, 4, 1, NULL));
	return 0;
}

static int do_fork(char **args)
{
	pid_t child = fork();

	(void)args;
	if (child == 0) {
		load();
		fflush(stdout);
		_exit(0);
	}
	return child < 0 || waitpid(child, NULL, 0) < 0;
}

/* <object>...: loads each with libbpf. */
static int do_objects(char **paths)
{
	libbpf_set_print(NULL);
	for (; *paths; paths++) {
		struct bpf_object *object = bpf_object__open_file(*paths, NULL);
		int error = object ? bpf_object__load(object) : -errno;

		printf("%d\n", -error);
		bpf_object__close(object);
	}
	return 0;
}

static bool parse(const char *hex, unsigned char *bytes, size_t size)
{
	for (size_t i = 0; i < size; i++) {
		if (sscanf(hex + 2 * i, "%2hhx", bytes + i) != 1)
			return false;
	}
	return hex[2 * size] == 0;
}

/* <id> <key> <value>: opens a map, and writes an entry. */
static int do_map_update(char **args)
{
	unsigned char key[64], value[2048];
	size_t key_size = strlen(args[1]) / 2, value_size = strlen(args[2]) / 2;
	int fd;

	if (key_size > sizeof(key) || value_size > sizeof(value) || !parse(args[1], key, key_size) ||
	    !parse(args[2], value, value_size))
		return 2;
	fd = report(bpf_map_get_fd_by_id(atoi(args[0])));
	report(fd < 0 ? -1 : bpf_map_update_elem(fd, key, value, BPF_ANY));
	return 0;
}

/* <id> <offset>: writes its own process id into the settings of a gatekeeper, and loads. */
static int do_take_over(char **args)
{
	unsigned char value[256] = { 0 };
	size_t offset = atol(args[1]);
	uint32_t key = 0, pid = getpid();
	int fd = report(bpf_map_get_fd_by_id(atoi(args[0])));
	int read = report(fd < 0 ? -1 : bpf_map_lookup_elem(fd, &key, value));

	if (offset > sizeof(value) - sizeof(pid))
		return 2;
	memcpy(value + offset, &pid, sizeof(pid));
	report(read < 0 ? -1 : bpf_map_update_elem(fd, &key, value, BPF_ANY));
	load();
	return 0;
}

static int do_link_detach(char **args)
{
	int fd = report(bpf_link_get_fd_by_id(atoi(args[0])));

	report(fd < 0 ? -1 : bpf_link_detach(fd));
	return 0;
}

static int do_unlink(char **args)
{
	for (; *args; args++)
		report(unlink(*args));
	return 0;
}

static int do_umount(char **args)
{
	report(umount2(args[0], MNT_DETACH));
	return 0;
}

/* <pid>: opens its memory for writing, and writes nothing. */
static int do_memory(char **args)
{
	char path[64];

	snprintf(path, sizeof(path), "/proc/%s/mem", args[0]);
	report(open(path, O_RDWR | O_CLOEXEC));
	return 0;
}

/* <pin>: runs a pinned syscall program, and prints its return value. */
static int do_run(char **args)
{
	LIBBPF_OPTS(bpf_test_run_opts, run);
	int fd = report(bpf_obj_get(args[0]));

	report(fd < 0 ? -1 : bpf_prog_test_run_opts(fd, &run));
	printf("%d\n", (int)run.retval);
	return 0;
}

/*
 * <pin>: attaches a pinned program to its target, and prints the process that holds the link. The
 * link is not pinned: after unlink it would stay attached until the kernel has freed the inode.
 */
static int do_attach(char **args)
{
	int fd = report(bpf_obj_get(args[0]));
	int link = report(fd < 0 ? -1 : bpf_raw_tracepoint_open(NULL, fd));
	pid_t holder = link < 0 ? 0 : fork();

	if (link >= 0 && holder == 0) {
		for (;;)
			pause();
	}
	printf("%d\n", (int)holder);
	return holder < 0;
}

/*
 * <pid>: ends a process. When this returns, its file descriptors are closed and its links are
 * detached.
 */
static int do_end(char **args)
{
	pid_t pid = atoi(args[0]);
	int fd = syscall(SYS_pidfd_open, pid, 0);
	struct pollfd ended = { .fd = fd, .events = POLLIN };

	if (pid <= 1 || fd < 0 || kill(pid, SIGKILL) < 0 || poll(&ended, 1, 10000) != 1)
		return 1;
	printf("0\n");
	return 0;
}

/* <command> <word>...: runs it as its tracer, which could make it do anything. */
static int do_trace(char **args)
{
	pid_t child = fork();
	int status = 0;

	if (child == 0) {
		ptrace(PTRACE_TRACEME, 0, NULL, NULL);
		execv(args[0], args);
		_exit(127);
	}
	while (child > 0 && waitpid(child, &status, 0) == child && WIFSTOPPED(status))
		ptrace(PTRACE_CONT, child, NULL, NULL);
	return !WIFEXITED(status) || WEXITSTATUS(status);
}

/* <image> <bytes> <device>: the image may lack zeros at its end. */
static int do_loop(char **args)
{
	int grown = report(truncate(args[0], atol(args[1])));
	int device = report(open(args[2], O_RDWR | O_CLOEXEC));
	struct loop_config config = { .fd = open(args[0], O_RDWR | O_CLOEXEC) };

	report(grown < 0 || device < 0 ? -1 : ioctl(device, LOOP_CONFIGURE, &config));
	return 0;
}

/* <from> <to> [word]: copies a program, with the word behind its end. */
static int do_copy(char **args)
{
	static char bytes[1 << 20];
	int from = open(args[0], O_RDONLY | O_CLOEXEC);
	int to = report(open(args[1], O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0755));
	ssize_t got;

	while (to >= 0 && (got = read(from, bytes, sizeof(bytes))) > 0) {
		if (write(to, bytes, got) != got)
			return 1;
	}
	if (to >= 0 && args[2] && write(to, args[2], strlen(args[2])) < 0)
		return 1;
	return 0;
}

/* <file>: fs-verity, SHA-256, blocks of 4096 bytes, no salt. */
static int do_verity(char **args)
{
	struct fsverity_enable_arg arg = { .version = 1, .hash_algorithm = FS_VERITY_HASH_ALG_SHA256, .block_size = 4096 };
	int fd = report(open(args[0], O_RDONLY | O_CLOEXEC));

	report(fd < 0 ? -1 : ioctl(fd, FS_IOC_ENABLE_VERITY, &arg));
	return 0;
}

/* <file>: opens it for writing. */
static int do_open(char **args)
{
	report(open(args[0], O_WRONLY | O_CLOEXEC));
	return 0;
}

int main(int argc, char **argv)
{
	static const struct {
		const char *word;
		int words;
		int (*act)(char **args);
	} acts[] = {
		{ "load", 0, do_load },
		{ "load-unverifiable", 0, do_load_unverifiable },
		{ "map", 0, do_map },
		{ "fork", 0, do_fork },
		{ "objects", 1, do_objects },
		{ "map-update", 3, do_map_update },
		{ "take-over", 2, do_take_over },
		{ "link-detach", 1, do_link_detach },
		{ "unlink", 1, do_unlink },
		{ "umount", 1, do_umount },
		{ "memory", 1, do_memory },
		{ "run", 1, do_run },
		{ "attach", 1, do_attach },
		{ "end", 1, do_end },
		{ "trace", 1, do_trace },
		{ "loop", 3, do_loop },
		{ "copy", 2, do_copy },
		{ "verity", 1, do_verity },
		{ "open", 1, do_open },
	};

	for (size_t i = 0; argc > 1 && i < sizeof(acts) / sizeof(acts[0]); i++) {
		if (strcmp(argv[1], acts[i].word) == 0 && argc - 2 >= acts[i].words)
			return acts[i].act(argv + 2);
	}
	return 2;
}
