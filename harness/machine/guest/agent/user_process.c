// SPDX-License-Identifier: Apache-2.0
#define _GNU_SOURCE
#include "user_process.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "boot.h"
#include "handle.h"
#include "netns.h"
#include "request.h"
#include "serve.h"
#include "strays.h"

/* A message of the new process while it sets itself up. */
struct stage {
	enum { STAGE_TO_BE_MAPPED, STAGE_FAILED, STAGE_SERVES } kind;
	int error;
	char what[128];
};

static int passing_socket = -1;

int user_process_passing(void)
{
	return passing_socket;
}

static bool say(const struct stage *stage)
{
	return send(passing_socket, stage, sizeof(*stage), MSG_NOSIGNAL) == sizeof(*stage);
}

static int be_mapped(void *unused)
{
	const struct stage stage = { .kind = STAGE_TO_BE_MAPPED };
	int error = EPIPE;

	(void)unused;
	if (!say(&stage) || recv(passing_socket, &error, sizeof(error), 0) != sizeof(error))
		return -EPIPE;
	return error;
}

/* Mapped memory of maps and perf events would keep them alive as long as the user lives. */
static void unmap_kernel_objects(void)
{
	FILE *file = fopen("/proc/self/maps", "re");
	unsigned long start, end;
	char line[512];

	while (file && fgets(line, sizeof(line), file)) {
		if (strstr(line, "anon_inode:") && sscanf(line, "%lx-%lx", &start, &end) == 2)
			munmap((void *)start, end - start);
	}
	if (file)
		fclose(file);
}

static void close_but(int a, int b)
{
	unsigned int low = a < b ? a : b, high = a < b ? b : a;

	if (low > 3)
		syscall(SYS_close_range, 3, low - 1, 0);
	if (high > low + 1)
		syscall(SYS_close_range, low + 1, high - 1, 0);
	syscall(SYS_close_range, high + 1, ~0u, 0);
}

/* The user holds nothing that the agent holds. */
static void forget_agent(int channel, uint32_t first_handle)
{
	handle_forget_all(first_handle);
	strays_forget();
	netns_forget();
	unmap_kernel_objects();
	close_but(channel, passing_socket);
}

static _Noreturn void live(int fd, const struct identity *identity, char **env, uint32_t first_handle)
{
	struct channel channel = { .fd = fd, .bound = true };
	struct stage stage = { .kind = STAGE_SERVES };
	const char *what;
	int error;

	boot_forget_crashes();
	prctl(PR_SET_NAME, "bpfgate-user", 0, 0, 0);
	forget_agent(fd, first_handle);
	for (; *env; env++)
		putenv(strdup(*env));
	error = identity_become(identity, be_mapped, NULL, &what);
	if (error) {
		stage.kind = STAGE_FAILED;
		stage.error = error;
		snprintf(stage.what, sizeof(stage.what), "%s", what);
	}
	if (!say(&stage) || error)
		_exit(1);
	request_start_watch();
	serve_user(&channel);
	_exit(0);
}

static int map_ids(pid_t pid, const char *name, const char *map)
{
	char path[64];
	int fd, error;

	snprintf(path, sizeof(path), "/proc/%d/%s", (int)pid, name);
	fd = open(path, O_WRONLY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	error = write(fd, map, strlen(map)) < 0 ? -errno : 0;
	close(fd);
	return error;
}

/* Answers the new process until it serves requests. 0 or a negative errno. */
static int accompany(const struct user *user, const char *uid_map, const char *gid_map, char what[128])
{
	for (;;) {
		struct stage stage;
		int error;

		if (recv(user->passing, &stage, sizeof(stage), 0) != sizeof(stage)) {
			snprintf(what, 128, "start a process: it ended at once");
			return -EOWNERDEAD;
		}
		if (stage.kind == STAGE_SERVES)
			return 0;
		if (stage.kind == STAGE_FAILED) {
			snprintf(what, 128, "%s", stage.what);
			return stage.error;
		}
		error = map_ids(user->pid, "uid_map", uid_map);
		error = error ? error : map_ids(user->pid, "gid_map", gid_map);
		if (send(user->passing, &error, sizeof(error), MSG_NOSIGNAL) < 0)
			continue;
	}
}

int user_process_start(struct user *user, const struct identity *identity, const char *uid_map, const char *gid_map,
		       char **env, uint32_t first_handle, char what[128])
{
	int channel[2] = { -1, -1 }, passing[2] = { -1, -1 }, error = 0;

	snprintf(what, 128, "start a process");
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, channel) < 0 ||
	    socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, passing) < 0 || (user->pid = request_fork()) < 0)
		error = -errno;
	if (!error && user->pid == 0) {
		passing_socket = passing[1];
		live(channel[1], identity, env, first_handle);
	}
	close(channel[1]);
	close(passing[1]);
	user->channel = (struct channel){ .fd = channel[0], .bound = true };
	user->passing = passing[0];
	user->pidfd = error ? -1 : (int)syscall(SYS_pidfd_open, user->pid, 0);
	if (!error && user->pidfd < 0)
		error = -errno;
	return error ? error : accompany(user, uid_map, gid_map, what);
}
