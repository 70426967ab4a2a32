// SPDX-License-Identifier: Apache-2.0
#define _GNU_SOURCE
#include "boot.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <net/if.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/reboot.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "clock.h"

#define MAX_FILES 65536
#define PORT_NAME "org.bpfgate.rpc"
#define PORT_CLASS "/sys/class/virtio-ports"

static const struct {
	const char *target;
	const char *fstype;
	const char *data;
} mounts[] = {
	{ "/proc", "proc", NULL },
	{ "/sys", "sysfs", NULL },
	{ "/dev", "devtmpfs", NULL },
	{ "/run", "tmpfs", "mode=0755" },
	{ "/tmp", "tmpfs", "mode=1777" },
	{ "/sys/kernel/debug", "debugfs", NULL },
	{ "/sys/kernel/tracing", "tracefs", NULL },
	{ "/sys/kernel/security", "securityfs", NULL },
	{ "/sys/fs/bpf", "bpf", "mode=0700" },
	{ "/sys/fs/cgroup", "cgroup2", NULL },
};

void boot_filesystems(void)
{
	for (size_t i = 0; i < sizeof(mounts) / sizeof(mounts[0]); i++) {
		mkdir(mounts[i].target, 0755);
		/* The kernel may have mounted /dev already (CONFIG_DEVTMPFS_MOUNT). */
		if (mount(mounts[i].fstype, mounts[i].target, mounts[i].fstype, 0, mounts[i].data) < 0 &&
		    errno != EBUSY)
			fprintf(stderr, "bpfgate: mount %s: %s\n", mounts[i].target, strerror(errno));
	}
	/* As systemd does: a command of a package, in its mount namespace, sees mounts made later. */
	if (mount(NULL, "/", NULL, MS_REC | MS_SHARED, NULL) < 0)
		perror("bpfgate: share mounts");
	/*
	 * The kernel mounts tracefs here on first access. Access it now, so that it does not count as
	 * left over.
	 */
	access("/sys/kernel/debug/tracing/events", F_OK);
}

void boot_write(const char *path, const char *value)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC);

	if (fd < 0 || write(fd, value, strlen(value)) < 0)
		fprintf(stderr, "bpfgate: %s: %s\n", path, strerror(errno));
	if (fd >= 0)
		close(fd);
}

void boot_loopback_up(void)
{
	struct ifreq request = { .ifr_name = "lo", .ifr_flags = IFF_UP | IFF_RUNNING };
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	if (fd < 0 || ioctl(fd, SIOCSIFFLAGS, &request) < 0)
		fprintf(stderr, "bpfgate: lo: %s\n", strerror(errno));
	if (fd >= 0)
		close(fd);
}

void boot_settings(void)
{
	struct rlimit unlimited = { RLIM_INFINITY, RLIM_INFINITY };
	struct rlimit files = { MAX_FILES, MAX_FILES };

	/* Before 5.11 maps and programs are charged to this limit. */
	if (setrlimit(RLIMIT_MEMLOCK, &unlimited) < 0)
		perror("bpfgate: RLIMIT_MEMLOCK");
	/* A chain of 63 programs takes a dozen file descriptors for each. */
	if (setrlimit(RLIMIT_NOFILE, &files) < 0)
		perror("bpfgate: RLIMIT_NOFILE");
	/* Warnings and worse reach the console, despite `quiet`. */
	boot_write("/proc/sys/kernel/printk", "5 4 1 7");
	/* And whatever a package's loader makes of that level with syslog(2). */
	boot_write("/sys/module/printk/parameters/ignore_loglevel", "Y");
	/*
	 * When the host stops the guest for a moment, its scheduler may starve ksoftirqd; no packet
	 * should be lost because of that.
	 */
	boot_write("/proc/sys/net/core/netdev_max_backlog", "65536");
	boot_loopback_up();
}

void boot_power_off(void)
{
	reboot(RB_POWER_OFF);
	for (;;)
		pause();
}

static const int fatal[] = { SIGSEGV, SIGBUS, SIGILL, SIGFPE, SIGABRT };

static void crashed(int signal)
{
	static const char message[] = "bpfgate: the agent crashed\n";

	(void)signal;
	if (write(STDERR_FILENO, message, sizeof(message) - 1) < 0)
		_exit(1);
	boot_power_off();
}

void boot_catch_crashes(void)
{
	static char stack[16384];
	stack_t alternative = { .ss_sp = stack, .ss_size = sizeof(stack) };
	struct sigaction action = { .sa_handler = crashed, .sa_flags = SA_ONSTACK | SA_RESETHAND };

	sigaltstack(&alternative, NULL);
	for (size_t i = 0; i < sizeof(fatal) / sizeof(fatal[0]); i++)
		sigaction(fatal[i], &action, NULL);
}

void boot_forget_crashes(void)
{
	for (size_t i = 0; i < sizeof(fatal) / sizeof(fatal[0]); i++)
		signal(fatal[i], SIG_DFL);
}

static int open_named_port(void)
{
	DIR *dir = opendir(PORT_CLASS);
	struct dirent *entry;
	int fd = -1;

	while (dir && fd < 0 && (entry = readdir(dir))) {
		char path[300], name[64];
		FILE *file;

		snprintf(path, sizeof(path), PORT_CLASS "/%s/name", entry->d_name);
		file = fopen(path, "re");
		if (!file)
			continue;
		if (fgets(name, sizeof(name), file) && strcmp(name, PORT_NAME "\n") == 0) {
			snprintf(path, sizeof(path), "/dev/%s", entry->d_name);
			fd = open(path, O_RDWR | O_NONBLOCK | O_CLOEXEC);
		}
		fclose(file);
	}
	if (dir)
		closedir(dir);
	return fd;
}

int boot_open_port(void)
{
	for (int tries = 0; tries < 2000; tries++) {
		int fd = open_named_port();

		if (fd >= 0)
			return fd;
		pause_us(5000);
	}
	return -1;
}
