// SPDX-License-Identifier: Apache-2.0
/* A command with several behaviours, for agent-command.vm.test.ts. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/io.h>
#include <sys/mount.h>
#include <sys/ptrace.h>
#include <sys/reboot.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <sys/time.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

extern char **environ;

static void tell(int argc, char **argv)
{
	char cwd[256];
	sigset_t blocked;
	int words = 0;

	for (int i = 0; i < argc; i++)
		printf("%s|", argv[i]);
	while (environ[words])
		printf("%s|", environ[words++]);
	sigprocmask(SIG_BLOCK, NULL, &blocked);
	printf("%s|%s|%d", getcwd(cwd, sizeof(cwd)), signal(SIGPIPE, SIG_DFL) == SIG_DFL ? "default" : "ignored",
	       sigisemptyset(&blocked));
	fprintf(stderr, "%zd bytes of input", read(STDIN_FILENO, cwd, sizeof(cwd)));
}

static void attempt(const char *what, long result)
{
	int error = errno;
	int refused = error == EPERM || error == EACCES || error == EROFS;

	printf("%s: %s\n", what, result >= 0 ? "done" : refused ? "refused" : strerror(error));
}

/* Through the mount of /dev, whatever is mounted over the file. */
static int open_log_by_handle(void)
{
	struct {
		struct file_handle handle;
		char room[MAX_HANDLE_SZ];
	} log = { .handle.handle_bytes = MAX_HANDLE_SZ };
	int mount_id;

	if (name_to_handle_at(AT_FDCWD, "/dev/kmsg", &log.handle, &mount_id, 0) < 0)
		return -1;
	return open_by_handle_at(open("/dev", O_RDONLY | O_DIRECTORY), &log.handle, O_WRONLY);
}

/* What would give it the agent, which is process 1, or the kernel. */
static void attack(void)
{
	char byte = 0;
	struct iovec here = { &byte, 1 }, there = { (void *)environ, 1 };
	struct timespec now;

	clock_gettime(CLOCK_REALTIME, &now);
	attempt("ptrace", ptrace(PTRACE_SEIZE, 1, 0, 0));
	attempt("process_vm_writev", process_vm_writev(1, &here, 1, &there, 1, 0));
	attempt("/proc/1/mem", open("/proc/1/mem", O_RDWR));
	attempt("/proc/1/fd/0", open("/proc/1/fd/0", O_RDONLY));
	attempt("/proc/1/cwd", open("/proc/1/cwd/", O_RDONLY));
	attempt("/dev/mem", open("/dev/mem", O_RDWR));
	attempt("/proc/kcore", open("/proc/kcore", O_RDONLY));
	attempt("iopl", iopl(3));
	attempt("init_module", syscall(SYS_init_module, &byte, 1, ""));
	attempt("delete_module", syscall(SYS_delete_module, "veth", O_NONBLOCK));
	attempt("reboot", reboot(RB_ENABLE_CAD));
	attempt("clock_settime", clock_settime(CLOCK_REALTIME, &now));
	attempt("/dev/kmsg", open("/dev/kmsg", O_WRONLY));
	attempt("/proc/sys", open("/proc/sys/kernel/core_pattern", O_WRONLY));
	attempt("/proc/sysrq-trigger", open("/proc/sysrq-trigger", O_WRONLY));
	attempt("/sys", open("/sys/bus/virtio/drivers/virtio_console/unbind", O_WRONLY));
	attempt("/sys/kernel/debug", open("/sys/kernel/debug/kprobes/enabled", O_WRONLY));
	attempt("/proc/bus/pci", open("/proc/bus/pci/00/00.0", O_RDWR));
	attempt("/dev/console", open("/dev/console", O_WRONLY | O_NOCTTY));
	attempt("open_by_handle_at", open_log_by_handle());
	attempt("mknod", mknod("/run/node", S_IFCHR | 0600, makedev(1, 11)));
	unlink("/run/node");
	mkdir("/run/again", 0700);
	attempt("mount", mount("sysfs", "/run/again", "sysfs", 0, NULL));
	attempt("umount2", umount2("/run/again", MNT_DETACH));
	attempt("fsopen", syscall(SYS_fsopen, "sysfs", 0));
}

int main(int argc, char **argv)
{
	const char *what = argc > 1 ? argv[1] : "";

	if (strcmp(what, "tell") == 0)
		tell(argc, argv);
	else if (strcmp(what, "attack") == 0)
		attack();
	else if (strcmp(what, "exit") == 0)
		return atoi(argv[2]);
	else if (strcmp(what, "abort") == 0)
		abort();
	else if (strcmp(what, "write") == 0)
		for (int i = 0; i < atoi(argv[2]); i++)
			putchar('a' + i % 26);
	else if (strcmp(what, "family") == 0) {
		/* Both hold the pipes open. */
		fork();
		puts("begun");
		fflush(stdout);
		pause();
	} else if (strcmp(what, "leave") == 0) {
		if (fork() == 0)
			sleep(600);
		else
			puts("left");
	} else if (strcmp(what, "sleep") == 0)
		sleep(atoi(argv[2]));
	else if (strcmp(what, "kill") == 0)
		return kill(atoi(argv[2]), argc > 3 ? atoi(argv[3]) : SIGKILL) < 0;
	else if (strcmp(what, "status") == 0) {
		FILE *file = fopen("/proc/self/status", "r");

		for (int character; file && (character = getc(file)) != EOF;)
			putchar(character);
	}
	return 0;
}
