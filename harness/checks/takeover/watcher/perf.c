// SPDX-License-Identifier: Apache-2.0
/*
 * Programs that a perf event keeps without a link: before 5.15, and of older loaders. No list
 * has them; BPF_TASK_FD_QUERY reports that of one file descriptor.
 */
#include <bpf/bpf.h>
#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "collect.h"
#include "text.h"

static bool is_own(const struct watched *watched, uint32_t program)
{
	for (unsigned i = 0; i < watched->own_program_count; i++)
		if (watched->own_programs[i] == program)
			return true;
	return false;
}

static void add_descriptor(struct snapshot *to, const struct watched *watched, int pid, int number)
{
	static const char *const types[] = { "raw_tracepoint", "tracepoint", "kprobe", "kretprobe", "uprobe", "uretprobe" };
	char name[128] = "", where[64];
	uint32_t length = sizeof(name) - 1, program, type;
	__u64 offset, address;
	struct text value = { 0 };
	int error = bpf_task_fd_query(pid, number, 0, name, &length, &program, &type, &offset, &address);

	snprintf(where, sizeof(where), "process %d descriptor %d", pid, number);
	/* So the kernel answers where the program is of type perf_event; ENOENT where there is none. */
	if (error == -EOPNOTSUPP)
		snapshot_add(to, GROUP_PERF, "perf-event", where, "{\"type\":\"perf_event\"}");
	if (error < 0 || is_own(watched, program))
		return;
	text_add(&value, "{\"program\":%u,\"type\":", program);
	text_string(&value, type < sizeof(types) / sizeof(*types) ? types[type] : "unknown");
	text_add(&value, ",\"name\":");
	text_string(&value, name);
	text_add(&value, ",\"offset\":%llu}", (unsigned long long)offset);
	snapshot_add(to, GROUP_PERF, "perf-event", where, value.bytes);
	free(value.bytes);
}

static void add_process(struct snapshot *to, const struct watched *watched, const char *pid)
{
	char path[PATH_MAX], target[32];
	struct dirent *entry;
	DIR *folder;

	snprintf(path, sizeof(path), "/proc/%s/fd", pid);
	folder = opendir(path);
	while (folder && (entry = readdir(folder))) {
		ssize_t length = readlinkat(dirfd(folder), entry->d_name, target, sizeof(target) - 1);

		if (length < 0)
			continue;
		target[length] = '\0';
		if (!strncmp(target, "anon_inode:[perf_event]", length))
			add_descriptor(to, watched, atoi(pid), atoi(entry->d_name));
	}
	if (folder)
		closedir(folder);
}

void collect_perf_events(struct snapshot *to, const struct watched *watched)
{
	DIR *processes = opendir("/proc");
	struct dirent *entry;

	while (processes && (entry = readdir(processes)))
		if (isdigit((unsigned char)entry->d_name[0]))
			add_process(to, watched, entry->d_name);
	if (processes)
		closedir(processes);
}
