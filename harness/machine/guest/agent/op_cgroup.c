// SPDX-License-Identifier: Apache-2.0
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "operation.h"

/* The path of the cgroup in argument `name`. */
static void cgroup_path(struct args *args, char path[300])
{
	const char *name = args_string(args, "name");

	if (name[0] == '\0' || strlen(name) > 200 || strstr(name, ".."))
		args_complain(args, "name", "is not a cgroup name");
	snprintf(path, 300, "/sys/fs/cgroup/%.200s", name);
}

void op_cgroup_add(struct args *args, struct reply *reply)
{
	char path[300];

	cgroup_path(args, path);
	if (!args_valid(args))
		return;
	if (mkdir(path, 0755) < 0) {
		reply_fail(reply, errno, "create cgroup %s", path);
		return;
	}
	reply_map(reply, 1);
	reply_key_string(reply, "path", path);
}

void op_cgroup_del(struct args *args, struct reply *reply)
{
	char path[300];

	cgroup_path(args, path);
	if (!args_valid(args))
		return;
	reply_done(reply, rmdir(path) < 0 ? errno : 0, "remove cgroup %s", path);
}
