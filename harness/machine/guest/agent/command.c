// SPDX-License-Identifier: Apache-2.0
#define _GNU_SOURCE
#include "command.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "command_view.h"
#include "memory.h"

/* The agent's own file, which is in use and cannot be written. */
#define AGENT "/proc/1/exe"
#define LIMITED "--limited"

/*
 * With these a command could change the agent, the kernel's code or the clock, and then decide what
 * the agent says. It keeps CAP_SYSLOG: without it /proc/kallsyms hides the addresses that libbpf
 * looks up.
 */
static const int never[] = {
	CAP_SYS_PTRACE, CAP_SYS_MODULE, CAP_SYS_RAWIO, CAP_SYS_BOOT, CAP_SYS_TIME, CAP_MKNOD,
};

void command_become_limited(int argc, char **argv)
{
	const char *what;
	int error;

	if (getpid() == 1 || argc < 3 || strcmp(argv[1], LIMITED) != 0)
		return;
	error = command_limit_view(&what);
	if (error) {
		fprintf(stderr, "bpfgate: cannot %s: %s\n", what, strerror(error));
		_exit(126);
	}
	/* execve(2) keeps only what is in the bounding set (capabilities(7)). */
	for (size_t i = 0; i < sizeof(never) / sizeof(never[0]); i++) {
		if (prctl(PR_CAPBSET_DROP, never[i], 0, 0, 0) < 0) {
			perror("bpfgate: PR_CAPBSET_DROP");
			_exit(126);
		}
	}
	execv(argv[2], argv + 2);
	perror(argv[2]);
	_exit(errno == ENOENT ? 127 : 126);
}

/* The same words after those that make the agent's file run them without `never`. */
static char **limited_words(char **argv)
{
	size_t count = 0;
	char **words;

	while (argv[count])
		count++;
	words = memory_zeroed((count + 3) * sizeof(*words));
	words[0] = AGENT;
	words[1] = LIMITED;
	memcpy(words + 2, argv, count * sizeof(*words));
	return words;
}

char **command_words(struct args *args, const char *key)
{
	uint32_t count = args_count_or_none(args, key, COMMAND_WORDS);
	char **list = memory_zeroed((count + 1) * sizeof(*list));

	for (uint32_t i = 0; i < count; i++)
		list[i] = (char *)args_string_at(args, key, i);
	return list;
}

int command_spawn(const struct command_start *start, int out, int err, pid_t *pid)
{
	char **argv = start->argv;
	posix_spawn_file_actions_t actions;
	posix_spawnattr_t attributes;
	sigset_t all, none;
	int error;

	if (start->limited) {
		if (access(argv[0], X_OK) < 0)
			return errno;
		argv = limited_words(argv);
	}
	sigfillset(&all);
	sigemptyset(&none);
	posix_spawn_file_actions_init(&actions);
	posix_spawnattr_init(&attributes);
	posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSID | POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSIGMASK);
	posix_spawnattr_setsigdefault(&attributes, &all);
	posix_spawnattr_setsigmask(&attributes, &none);
	error = posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
	error = error ? error : posix_spawn_file_actions_adddup2(&actions, out, STDOUT_FILENO);
	error = error ? error : posix_spawn_file_actions_adddup2(&actions, err, STDERR_FILENO);
	if (!error && start->cwd)
		error = posix_spawn_file_actions_addchdir_np(&actions, start->cwd);
	error = error ? error :
			posix_spawn(pid, argv[0], &actions, &attributes, argv, start->env);
	posix_spawn_file_actions_destroy(&actions);
	posix_spawnattr_destroy(&attributes);
	if (argv != start->argv)
		free(argv);
	return error;
}
