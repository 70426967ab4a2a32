// SPDX-License-Identifier: Apache-2.0
/*
 * What a guest would try that controls its QEMU. Runs in QEMU's place and prints for each attempt
 * its name and "done", or the error.
 *
 * break-out SECRET FOLDER SOCKET PROCESS PORT
 * SECRET   file that QEMU's user may read
 * FOLDER   folder that QEMU's user may write to, with a file `there`
 * SOCKET   path of a Unix socket that accepts
 * PROCESS  process id of the runner
 * PORT     TCP port of this host that accepts
 * Descriptor 3 is a file opened for reading, 4 one opened for writing too.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/bpf.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/un.h>
#include <unistd.h>

static const char *secret, *folder, *unix_path;
static pid_t runner;
static int port;

static const char *in_folder(const char *name)
{
	static char path[4096];

	snprintf(path, sizeof(path), "%s/%s", folder, name);
	return path;
}

static int read_secret(void)
{
	return open(secret, O_RDONLY);
}

static int list_folder(void)
{
	return open(folder, O_RDONLY | O_DIRECTORY);
}

static int make_file(void)
{
	return open(in_folder("made"), O_WRONLY | O_CREAT, 0600);
}

static int change_file(void)
{
	return open(in_folder("there"), O_WRONLY);
}

static int cut_file(void)
{
	return truncate(in_folder("there"), 0);
}

static int remove_file(void)
{
	return unlink(in_folder("there"));
}

static int make_folder(void)
{
	return mkdir(in_folder("below"), 0700);
}

static int open_for_writing(void)
{
	return open("/proc/self/fd/3", O_RDWR);
}

static int write_open_file(void)
{
	return write(4, "x", 1);
}

static int cut_open_file(void)
{
	return ftruncate(4, 0);
}

static int hole_in_open_file(void)
{
	return fallocate(4, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, 0, 4096);
}

static int map_open_file(void)
{
	return mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, 4, 0) == MAP_FAILED ? -1 : 0;
}

static int connect_unix(void)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM, 0);

	strncpy(address.sun_path, unix_path, sizeof(address.sun_path) - 1);
	return fd < 0 ? -1 : connect(fd, (struct sockaddr *)&address, sizeof(address));
}

static int connect_tcp(void)
{
	struct sockaddr_in address = {
		.sin_family = AF_INET,
		.sin_port = htons(port),
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK),
	};
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	return fd < 0 ? -1 : connect(fd, (struct sockaddr *)&address, sizeof(address));
}

static int signal_runner(void)
{
	return kill(runner, 0);
}

static int trace_runner(void)
{
	return ptrace(PTRACE_SEIZE, runner, 0, 0);
}

static int read_runner(void)
{
	char byte;
	struct iovec local = { &byte, 1 }, remote = { &byte, 1 };

	return process_vm_readv(runner, &local, 1, &remote, 1, 0) < 0 && errno != EFAULT ? -1 : 0;
}

static int become_root(void)
{
	return setuid(0);
}

static int use_bpf(void)
{
	union bpf_attr attr = { .map_type = BPF_MAP_TYPE_ARRAY, .key_size = 4, .value_size = 4, .max_entries = 1 };

	return syscall(SYS_bpf, BPF_MAP_CREATE, &attr, sizeof(attr));
}

static int new_namespace(void)
{
	return unshare(CLONE_NEWUSER);
}

static int mount_something(void)
{
	return mount("none", folder, "tmpfs", 0, NULL);
}

static int load_module(void)
{
	return syscall(SYS_init_module, "", 0, "") && errno == EPERM ? -1 : 0;
}

static int much_memory(void)
{
	return mmap(NULL, 64ul << 30, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) == MAP_FAILED ? -1 : 0;
}

static const struct {
	const char *name;
	int (*run)(void);
} attempts[] = {
	{ "read a secret", read_secret },
	{ "list a folder", list_folder },
	{ "make a file", make_file },
	{ "change a file", change_file },
	{ "cut a file", cut_file },
	{ "remove a file", remove_file },
	{ "make a folder", make_folder },
	{ "open for writing what was open for reading", open_for_writing },
	{ "write to an open file", write_open_file },
	{ "cut an open file", cut_open_file },
	{ "make a hole in an open file", hole_in_open_file },
	{ "map an open file", map_open_file },
	{ "connect to a Unix socket", connect_unix },
	{ "connect to a port", connect_tcp },
	{ "send a signal to the runner", signal_runner },
	{ "trace the runner", trace_runner },
	{ "read the runner's memory", read_runner },
	{ "become root", become_root },
	{ "use bpf()", use_bpf },
	{ "make a namespace", new_namespace },
	{ "mount", mount_something },
	{ "load a module", load_module },
	{ "take much memory", much_memory },
};

int main(int argc, char **argv)
{
	if (argc != 6)
		return 2;
	secret = argv[1];
	folder = argv[2];
	unix_path = argv[3];
	runner = atoi(argv[4]);
	port = atoi(argv[5]);
	signal(SIGXFSZ, SIG_IGN);
	for (size_t i = 0; i < sizeof(attempts) / sizeof(attempts[0]); i++)
		printf("%s: %s\n", attempts[i].name, attempts[i].run() < 0 ? strerrorname_np(errno) : "done");
	return 0;
}
