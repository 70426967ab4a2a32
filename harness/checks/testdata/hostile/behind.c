// SPDX-License-Identifier: Apache-2.0
/*
 * A loader that does something behind the runner's back, and then what attach-all.c does:
 * behind log|OBJECT ARGUMENTS-OF-ATTACH-ALL...
 * log: writes a report of the kernel's kind while the console is off.
 * OBJECT: keeps the raw tracepoints of this object attached.
 */
#include <fcntl.h>
#include <string.h>
#include <sys/klog.h>
#include <unistd.h>
#include <bpf/libbpf.h>

#define CONSOLE_LEVEL 8
#define QUIET 1
#define USUAL 5

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
	if (strcmp(argv[1], "log") == 0 ? write_unseen() : stay(argv[1]))
		return 3;
	argv[1] = "./attach-all";
	execv(argv[1], argv + 1);
	return 4;
}
