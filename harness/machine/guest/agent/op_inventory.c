// SPDX-License-Identifier: Apache-2.0
#define _GNU_SOURCE
#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <linux/keyctl.h>
#include <net/if.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "inventory_bpf.h"
#include "key.h"
#include "netlink.h"
#include "operation.h"

#define MAX_DEPTH 16
/* PF_KTHREAD of linux/sched.h, in the flags of proc_pid_stat(5) */
#define KERNEL_THREAD 0x00200000

/* A list of strings being packed. */
struct list {
	struct reply *reply;
	size_t array;
	uint32_t count;
};

static struct list list_begin(struct reply *reply, const char *key)
{
	reply_key(reply, key);
	return (struct list){ .reply = reply, .array = reply_array_begin(reply) };
}

static void list_add(struct list *list, const char *text)
{
	reply_string(list->reply, text);
	list->count++;
}

static void list_end(struct list *list)
{
	reply_array_end(list->reply, list->array, list->count);
}

/* From /proc/net/dev: the kernel runs far less code for it than for an rtnetlink dump of links. */
static void reply_netdevs(struct reply *reply)
{
	struct list list = list_begin(reply, "netdevs");
	FILE *file = fopen("/proc/thread-self/net/dev", "re");
	char line[512], name[IF_NAMESIZE];

	/* `  name: counters`, below two lines of headings without a colon. */
	while (file && fgets(line, sizeof(line), file)) {
		if (strchr(line, ':') && sscanf(line, " %15[^:]", name) == 1)
			list_add(&list, name);
	}
	if (file)
		fclose(file);
	list_end(&list);
}

/* A qdisc that was added has a handle; a device's default qdisc has none. */
static void add_qdisc(const struct nlmsghdr *message, void *context)
{
	const struct tcmsg *qdisc = NLMSG_DATA(message);
	int left = (int)message->nlmsg_len - (int)NLMSG_LENGTH(sizeof(*qdisc));
	char device[IF_NAMESIZE] = "?", text[128];
	const char *kind = "?";

	if (message->nlmsg_type != RTM_NEWQDISC || left < 0 || qdisc->tcm_handle == 0)
		return;
	for (const struct rtattr *at = TCA_RTA(qdisc); RTA_OK(at, left); at = RTA_NEXT(at, left)) {
		if (at->rta_type == TCA_KIND)
			kind = RTA_DATA(at);
	}
	if_indextoname(qdisc->tcm_ifindex, device);
	snprintf(text, sizeof(text), "%s %.32s %x:", device, kind, qdisc->tcm_handle >> 16);
	list_add(context, text);
}

static void reply_qdiscs(struct reply *reply)
{
	struct list list = list_begin(reply, "qdiscs");
	struct netlink_request request;

	netlink_begin(&request, RTM_GETQDISC, NLM_F_DUMP, sizeof(struct tcmsg));
	netlink_dump(&request, add_qdisc, &list);
	list_end(&list);
}

/* Mount point and type of each line of /proc/self/mountinfo (proc_pid_mountinfo(5)). */
static void reply_mounts(struct reply *reply)
{
	struct list list = list_begin(reply, "mounts");
	FILE *file = fopen("/proc/self/mountinfo", "re");
	char *line = NULL;
	size_t size = 0;

	while (file && getline(&line, &size, file) >= 0) {
		char point[512], text[600];
		const char *type = strstr(line, " - ");

		if (!type || sscanf(line, "%*s %*s %*s %*s %511s", point) != 1)
			continue;
		snprintf(text, sizeof(text), "%s %.*s", point, (int)strcspn(type + 3, " \n"), type + 3);
		list_add(&list, text);
	}
	free(line);
	if (file)
		fclose(file);
	list_end(&list);
}

/* Every path below `folder`; in a cgroup hierarchy only folders, which are the cgroups. */
static void add_tree(struct list *list, const char *folder, bool folders_only, int depth)
{
	DIR *dir = depth < MAX_DEPTH ? opendir(folder) : NULL;
	struct dirent *entry;

	while (dir && (entry = readdir(dir))) {
		char path[4096];
		bool is_folder = entry->d_type == DT_DIR;

		if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0 ||
		    (folders_only && !is_folder) ||
		    snprintf(path, sizeof(path), "%s/%s", folder, entry->d_name) >= (int)sizeof(path))
			continue;
		list_add(list, path);
		if (is_folder)
			add_tree(list, path, folders_only, depth + 1);
	}
	if (dir)
		closedir(dir);
}

static void reply_tree(struct reply *reply, const char *key, const char *folder, bool folders_only)
{
	struct list list = list_begin(reply, key);

	add_tree(&list, folder, folders_only, 0);
	list_end(&list);
}

/*
 * Serial number, type and description (keyctl_describe(3)) of each key; /proc/keys truncates the
 * types.
 */
static void reply_keys(struct reply *reply)
{
	struct list list = list_begin(reply, "keys");
	FILE *file = fopen("/proc/keys", "re");
	char *line = NULL;
	size_t size = 0;

	while (file && getline(&line, &size, file) >= 0) {
		unsigned long serial = strtoul(line, NULL, 16);
		char described[512] = "", type[64], text[600];
		int description = 0;

		if (keyctl(KEYCTL_DESCRIBE, serial, (unsigned long)described, sizeof(described) - 1, 0) < 0 ||
		    sscanf(described, "%63[^;];%*[^;];%*[^;];%*[^;];%n", type, &description) != 1 ||
		    description == 0)
			continue;
		snprintf(text, sizeof(text), "%08lx %s %s", serial, type, described + description);
		list_add(&list, text);
	}
	free(line);
	if (file)
		fclose(file);
	list_end(&list);
}

/* The command name of a live user process, NULL for anything else. */
static const char *user_process(const char *pid, char name[64])
{
	char path[300], line[512];
	char *open, *close;
	unsigned int flags;
	char state;
	FILE *file;

	/* Most processes are kernel threads, which have no executable; this is cheaper than stat. */
	snprintf(path, sizeof(path), "/proc/%s/exe", pid);
	if (readlink(path, line, sizeof(line)) < 0 && errno == ENOENT)
		return NULL;
	snprintf(path, sizeof(path), "/proc/%s/stat", pid);
	file = fopen(path, "re");
	if (!file)
		return NULL;
	if (!fgets(line, sizeof(line), file))
		line[0] = '\0';
	fclose(file);
	open = strchr(line, '(');
	close = strrchr(line, ')');
	if (!open || !close || sscanf(close + 1, " %c %*d %*d %*d %*d %*d %u", &state, &flags) != 2 ||
	    state == 'Z' || (flags & KERNEL_THREAD))
		return NULL;
	*close = '\0';
	snprintf(name, 64, "%.63s", open + 1);
	return name;
}

static void reply_processes(struct reply *reply)
{
	struct list list = list_begin(reply, "processes");
	DIR *dir = opendir("/proc");
	struct dirent *entry;

	while (waitpid(-1, NULL, WNOHANG) > 0)
		;
	while (dir && (entry = readdir(dir))) {
		char name[64];

		if (isdigit((unsigned char)entry->d_name[0]) && strcmp(entry->d_name, "1") != 0 &&
		    user_process(entry->d_name, name))
			list_add(&list, name);
	}
	if (dir)
		closedir(dir);
	list_end(&list);
}

void op_inventory(struct args *args, struct reply *reply)
{
	bool settle = args_bool_or(args, "settle", false);

	if (!args_valid(args))
		return;
	if (settle)
		inventory_settle();
	reply_map(reply, 11);
	inventory_reply_bpf(reply);
	reply_netdevs(reply);
	reply_qdiscs(reply);
	reply_mounts(reply);
	reply_tree(reply, "cgroups", "/sys/fs/cgroup", true);
	reply_tree(reply, "pins", "/sys/fs/bpf", false);
	reply_keys(reply);
	reply_processes(reply);
}
