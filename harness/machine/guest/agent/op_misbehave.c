// SPDX-License-Identifier: Apache-2.0
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "boot.h"
#include "operation.h"
#include "request.h"

#define CHUNK (1u << 20)

static void panic(void)
{
	boot_write("/proc/sys/kernel/sysrq", "1");
	boot_write("/proc/sysrq-trigger", "c");
}

/* Prints a warning in the kernel's format: there is no module to cause a real one. */
static void warn(void)
{
	boot_write("/dev/kmsg", "<4>------------[ cut here ]------------\n");
	boot_write("/dev/kmsg", "<4>WARNING: CPU: 0 PID: 1 at bpfgate/misbehave.c:1 misbehave+0x0/0x1\n");
	boot_write("/dev/kmsg", "<4>---[ end trace 0000000000000000 ]---\n");
}

static void hang(void)
{
	for (;;)
		pause();
}

static void crash(void)
{
	raise(SIGSEGV);
}

static void stop(void)
{
	raise(SIGSTOP);
}

static void flood(void)
{
	char line[512];

	memset(line, 'x', sizeof(line));
	line[sizeof(line) - 1] = '\n';
	for (;;) {
		if (write(STDERR_FILENO, line, sizeof(line)) < 0)
			return;
	}
}

static void rubbish(void)
{
	char data[4096];

	for (size_t i = 0; i < sizeof(data); i++)
		data[i] = (char)(i * 131 + 7);
	request_rubbish(data, sizeof(data));
}

/* In a child: the kernel does not kill init, and panics if there is no other process to kill. */
static void out_of_memory(void)
{
	pid_t child = fork();

	while (child == 0) {
		void *block = malloc(CHUNK);

		if (block)
			memset(block, 1, CHUNK);
	}
	if (child > 0)
		waitpid(child, NULL, 0);
}

static const struct {
	const char *how;
	void (*act)(void);
} ways[] = {
	{ "panic", panic }, { "warn", warn },	{ "hang", hang },	{ "crash", crash },
	{ "stop", stop },   { "flood", flood }, { "rubbish", rubbish }, { "out_of_memory", out_of_memory },
};

void op_misbehave(struct args *args, struct reply *reply)
{
	const char *how = args_string(args, "how");

	if (!args_valid(args))
		return;
	for (size_t i = 0; i < sizeof(ways) / sizeof(ways[0]); i++) {
		if (strcmp(ways[i].how, how) == 0) {
			ways[i].act();
			reply_map(reply, 0);
			return;
		}
	}
	args_complain(args, "how", "is unknown: \"%.32s\"", how);
}
