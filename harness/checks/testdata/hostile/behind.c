// SPDX-License-Identifier: Apache-2.0
/*
 * A loader that does something behind the runner's back, and then what attach-all.c does:
 * behind log|quiet|agent|OBJECT ARGUMENTS-OF-ATTACH-ALL...
 * log: writes a report of the kernel's kind while the console is off; fails when it cannot.
 * quiet: lowers the console's level for good.
 * agent: tries to stop the agent, to take its port, and to answer in its place.
 * OBJECT: keeps the raw tracepoints of this object attached.
 */
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/klog.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>
#include <bpf/libbpf.h>

#define CONSOLE_LEVEL 8
#define QUIET 1
#define USUAL 5
#define AGENT 1
#define PORTS 4
#define MOST_FDS 64

static int write_unseen(void)
{
	const char report[] = "<2>BUG: what no one is to see\n";
	int log = open("/dev/kmsg", O_WRONLY | O_CLOEXEC);

	if (log < 0 || klogctl(CONSOLE_LEVEL, NULL, QUIET) || write(log, report, strlen(report)) < 0)
		return 1;
	/* The kernel prints in a thread. */
	sleep(1);
	return klogctl(CONSOLE_LEVEL, NULL, USUAL);
}

/* What the runner takes for a broken agent, or for the agent if it believes any nonce. */
static void answer(int port)
{
	static const char frame[20] = "BPFG";

	if (write(port, frame, sizeof(frame)) > 0)
		fprintf(stderr, "behind: spoke for the agent\n");
}

/* Takes the port from its driver and gives it back: then it is another one, which no process has open. */
static void rebind(void)
{
	static const char *const files[] = {
		"/sys/bus/virtio/drivers/virtio_console/unbind", "/sys/bus/virtio/drivers/virtio_console/bind",
	};

	mkdir("/run/behind", 0700);
	mount("sysfs", "/run/behind", "sysfs", 0, NULL);
	for (int at = 0; at < 2; at++) {
		for (int number = 0; number < PORTS; number++) {
			char name[16], path[96];

			snprintf(name, sizeof(name), "virtio%d", number);
			for (int again = 0; again < 2; again++) {
				int fd;

				snprintf(path, sizeof(path), "%s%s", again ? "/run/behind" : "",
					 files[at] + (again ? strlen("/sys") : 0));
				fd = open(path, O_WRONLY | O_CLOEXEC);
				if (fd >= 0 && write(fd, name, strlen(name)) > 0)
					fprintf(stderr, "behind: wrote %s to %s\n", name, path);
				if (fd >= 0)
					close(fd);
			}
		}
	}
}

static int take_over(void)
{
	int agent = syscall(SYS_pidfd_open, AGENT, 0);

	rebind();
	kill(AGENT, SIGSTOP);
	kill(AGENT, SIGKILL);
	for (int number = 0; number < PORTS; number++) {
		char path[32];
		int port;

		snprintf(path, sizeof(path), "/dev/vport%dp1", number);
		port = open(path, O_RDWR | O_CLOEXEC | O_NONBLOCK);
		if (port >= 0)
			answer(port);
	}
	for (int fd = 3; fd < MOST_FDS; fd++) {
		int port = syscall(SYS_pidfd_getfd, agent, fd, 0);

		if (port >= 0)
			answer(port);
	}
	if (open("/proc/1/mem", O_RDWR | O_CLOEXEC) >= 0)
		fprintf(stderr, "behind: has the memory of the agent\n");
	return 0;
}

static int stay(const char *path)
{
	struct bpf_object *object = bpf_object__open_file(path, NULL);
	struct bpf_program *program;
	struct bpf_link *link;

	if (!object || bpf_object__load(object))
		return 1;
	bpf_object__for_each_program(program, object) {
		link = bpf_program__attach(program);
		if (!link || bpf_link__pin(link, "/sys/fs/bpf/behind"))
			return 1;
	}
	return 0;
}

int main(int argc, char **argv)
{
	(void)argc;
	if (strcmp(argv[1], "log") == 0	  ? write_unseen() :
	    strcmp(argv[1], "quiet") == 0 ? klogctl(CONSOLE_LEVEL, NULL, QUIET) :
	    strcmp(argv[1], "agent") == 0 ? take_over() :
					    stay(argv[1]))
		return 3;
	argv[1] = "./attach-all";
	execv(argv[1], argv + 1);
	return 4;
}
