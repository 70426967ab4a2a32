// SPDX-License-Identifier: Apache-2.0
/* A command with several behaviours, for agent-command.vm.test.ts. */
#define _GNU_SOURCE
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
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

int main(int argc, char **argv)
{
	const char *what = argc > 1 ? argv[1] : "";

	if (strcmp(what, "tell") == 0)
		tell(argc, argv);
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
		return kill(atoi(argv[2]), SIGKILL) < 0;
	else if (strcmp(what, "status") == 0) {
		FILE *file = fopen("/proc/self/status", "r");

		for (int character; file && (character = getc(file)) != EOF;)
			putchar(character);
	}
	return 0;
}
