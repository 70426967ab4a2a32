// SPDX-License-Identifier: Apache-2.0
/*
 * Host program: gives away what QEMU does not need, then runs it. A guest that breaks out of QEMU
 * finds a process without privileges that can read system folders, write no file, open no socket
 * and see no other process. It ends with its parent.
 *
 * confine [OPTION...] PARENT MEMORY FILE COMMAND [ARGUMENT...]
 * PARENT           process id of the runner: end at once if it has ended already
 * MEMORY           bytes of address space
 * FILE             bytes that a file may have; 0: nothing is written to files
 * --unprivileged   root becomes a user without privileges
 * --sockets        new sockets are allowed: a template is saved through one
 * --shared         shared memory may be mapped: the file with the RAM of a template, and with KVM
 *
 * Files that are open already may be opened again through /proc/self/fd, as they were opened.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <limits.h>
#include <linux/capability.h>
#include <linux/landlock.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "confine-calls.h"

/* User and group without privileges: overflowuid in proc_sys_kernel(5). */
#define UNPRIVILEGED 65534

/* Of landlock.h in later kernels than this may be compiled with: ABI 3, 4, 6 of landlock(7). */
#define RIGHT_TRUNCATE (1ull << 14)
#define NET_BIND_TCP (1ull << 0)
#define NET_CONNECT_TCP (1ull << 1)
#define SCOPE_ABSTRACT_UNIX_SOCKET (1ull << 0)
#define SCOPE_SIGNAL (1ull << 1)

#define RIGHTS_READ \
	(LANDLOCK_ACCESS_FS_EXECUTE | LANDLOCK_ACCESS_FS_READ_FILE | LANDLOCK_ACCESS_FS_READ_DIR)

struct ruleset {
	uint64_t fs, net, scoped;
};

/* Where programs, libraries and firmware are. What is missing is passed over. */
static const char *const readable[] = {
	"/usr", "/bin", "/lib", "/lib64", "/opt", "/nix/store", "/gnu/store", "/etc/ld.so.cache", "/dev/urandom",
};
static const char *const writable[] = { "/dev/null", "/dev/kvm" };

static void fail(const char *what)
{
	fprintf(stderr, "%s: %s\n", what, strerror(errno));
	exit(126);
}

static uint64_t number(const char *text)
{
	char *end;
	uint64_t value = strtoull(text, &end, 10);

	if (*text == '\0' || *end) {
		errno = EINVAL;
		fail(text);
	}
	return value;
}

static void limit(int resource, uint64_t value)
{
	struct rlimit limit;

	if (getrlimit(resource, &limit))
		fail("getrlimit");
	if (value < limit.rlim_max)
		limit.rlim_max = value;
	limit.rlim_cur = limit.rlim_max;
	if (setrlimit(resource, &limit))
		fail("setrlimit");
}

/* Path of a command as execvp(3) finds it. */
static const char *find(const char *command)
{
	static char path[PATH_MAX];
	const char *folder = getenv("PATH");

	if (strchr(command, '/') || !folder)
		return command;
	for (size_t length; *folder; folder += length + (folder[length] == ':')) {
		length = strcspn(folder, ":");
		if (snprintf(path, sizeof(path), "%.*s/%s", (int)length, folder, command) < (int)sizeof(path) &&
		    access(path, X_OK) == 0)
			return path;
	}
	errno = ENOENT;
	fail(command);
	return NULL;
}

static bool has_capability(int wanted)
{
	struct __user_cap_header_struct header = { .version = _LINUX_CAPABILITY_VERSION_3 };
	struct __user_cap_data_struct data[_LINUX_CAPABILITY_U32S_3] = {};

	return syscall(SYS_capget, &header, data) == 0 && (data[wanted / 32].effective >> (wanted % 32) & 1);
}

/*
 * Root becomes a user without privileges, in the group of /dev/kvm; not where the runner could not
 * read its guest's memory then (CAP_SYS_PTRACE: the host's view), nor where a user namespace has no
 * such user.
 */
static void leave_root(void)
{
	struct stat kvm;
	gid_t group;

	if (geteuid() != 0 || !has_capability(CAP_SYS_PTRACE) || !has_capability(CAP_SETUID))
		return;
	group = stat("/dev/kvm", &kvm) == 0 && kvm.st_gid ? kvm.st_gid : UNPRIVILEGED;
	if (setgroups(1, &group) || setresgid(UNPRIVILEGED, UNPRIVILEGED, UNPRIVILEGED) || setresuid(UNPRIVILEGED, UNPRIVILEGED, UNPRIVILEGED)) {
		if (errno != EINVAL && errno != EPERM)
			fail("setresuid");
	}
}

static void drop_capabilities(void)
{
	struct __user_cap_header_struct header = { .version = _LINUX_CAPABILITY_VERSION_3 };
	struct __user_cap_data_struct none[_LINUX_CAPABILITY_U32S_3] = {};

	for (int capability = 0; prctl(PR_CAPBSET_DROP, capability, 0, 0, 0) == 0; capability++)
		;
	prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0);
	if (syscall(SYS_capset, &header, none))
		fail("capset");
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0))
		fail("no_new_privs");
}

static void allow(int ruleset, int fd, uint64_t rights, uint64_t handled)
{
	struct landlock_path_beneath_attr rule = { .allowed_access = rights & handled, .parent_fd = fd };
	struct stat status;

	if (fstat(fd, &status))
		fail("fstat");
	if (!S_ISDIR(status.st_mode))
		rule.allowed_access &= ~(uint64_t)LANDLOCK_ACCESS_FS_READ_DIR;
	if (syscall(SYS_landlock_add_rule, ruleset, LANDLOCK_RULE_PATH_BENEATH, &rule, 0))
		fail("landlock_add_rule");
}

static void allow_path(int ruleset, const char *path, uint64_t rights, uint64_t handled)
{
	int fd = open(path, O_PATH | O_CLOEXEC);

	if (fd < 0)
		return;
	allow(ruleset, fd, rights, handled);
	close(fd);
}

/* A file that is open may be opened again, for reading, or for writing where it was opened so. */
static void allow_open_files(int ruleset, uint64_t handled)
{
	for (int fd = 3; fd < ruleset; fd++) {
		int mode = fcntl(fd, F_GETFL);
		struct stat status;
		uint64_t rights = LANDLOCK_ACCESS_FS_READ_FILE;

		if (mode < 0 || fstat(fd, &status) || !S_ISREG(status.st_mode))
			continue;
		if ((mode & O_ACCMODE) != O_RDONLY)
			rights |= LANDLOCK_ACCESS_FS_WRITE_FILE;
		allow(ruleset, fd, rights, handled);
	}
}

/* Where the command and its data are, also when they are in no system folder. */
static void allow_command(int ruleset, const char *command, uint64_t handled)
{
	char path[PATH_MAX], *slash;

	if (!realpath(command, path) || !(slash = strrchr(path, '/')))
		fail(command);
	allow_path(ruleset, path, RIGHTS_READ, handled);
	for (const char *const *data = (const char *const[]){ "/../share", "/../lib", "/../libexec", NULL }; *data; data++) {
		strncpy(slash, *data, path + sizeof(path) - slash);
		path[sizeof(path) - 1] = '\0';
		allow_path(ruleset, path, RIGHTS_READ, handled);
	}
}

/* Landlock, as far as this kernel has it (landlock(7)): files, TCP, signals to others. */
static void shut_files(const char *command)
{
	long abi = syscall(SYS_landlock_create_ruleset, NULL, 0, LANDLOCK_CREATE_RULESET_VERSION);
	struct ruleset handled = { .fs = (1ull << 13) - 1 };
	size_t size = sizeof(handled.fs);
	int ruleset;

	if (abi < 1)
		return;
	if (abi >= 2)
		handled.fs |= LANDLOCK_ACCESS_FS_REFER;
	if (abi >= 3)
		handled.fs |= RIGHT_TRUNCATE;
	if (abi >= 4) {
		handled.net = NET_BIND_TCP | NET_CONNECT_TCP;
		size = 2 * sizeof(uint64_t);
	}
	if (abi >= 6) {
		handled.scoped = SCOPE_ABSTRACT_UNIX_SOCKET | SCOPE_SIGNAL;
		size = sizeof(handled);
	}
	ruleset = syscall(SYS_landlock_create_ruleset, &handled, size, 0);
	if (ruleset < 0)
		fail("landlock_create_ruleset");
	for (size_t i = 0; i < sizeof(readable) / sizeof(readable[0]); i++)
		allow_path(ruleset, readable[i], RIGHTS_READ, handled.fs);
	for (size_t i = 0; i < sizeof(writable) / sizeof(writable[0]); i++)
		allow_path(ruleset, writable[i], LANDLOCK_ACCESS_FS_READ_FILE | LANDLOCK_ACCESS_FS_WRITE_FILE,
			   handled.fs);
	allow_command(ruleset, command, handled.fs);
	allow_open_files(ruleset, handled.fs);
	if (syscall(SYS_landlock_restrict_self, ruleset, 0))
		fail("landlock_restrict_self");
	close(ruleset);
}

int main(int argc, char **argv)
{
	struct confined_calls calls = {};
	const char *command;
	bool unprivileged = false;
	char **arg = argv + 1;
	pid_t parent;

	for (; *arg && strncmp(*arg, "--", 2) == 0; arg++) {
		unprivileged |= strcmp(*arg, "--unprivileged") == 0;
		calls.sockets |= strcmp(*arg, "--sockets") == 0;
		calls.shared |= strcmp(*arg, "--shared") == 0;
	}
	if (argv + argc - arg < 4) {
		fprintf(stderr, "usage: confine [OPTION...] PARENT MEMORY FILE COMMAND [ARGUMENT...]\n");
		return 126;
	}
	parent = number(arg[0]);
	command = find(arg[3]);
	limit(RLIMIT_CORE, 0);
	limit(RLIMIT_AS, number(arg[1]));
	limit(RLIMIT_FSIZE, number(arg[2]));
	if (unprivileged)
		leave_root();
	drop_capabilities();
	/* After it: a change of user takes this back (prctl(2)). */
	if (prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0))
		fail("PR_SET_PDEATHSIG");
	if (getppid() != parent)
		return 126;
	shut_files(command);
	if (confine_calls(calls))
		fail("seccomp");
	execv(command, arg + 3);
	fail(command);
}
