// SPDX-License-Identifier: Apache-2.0
#include "operation.h"

#include <errno.h>
#include <string.h>

#include "netns.h"
#include "user.h"

enum scope { ANYWHERE, IN_NETNS, BETWEEN_PROCESSES };

static const struct operation {
	const char *name;
	operation_fn *run;
	enum scope scope;
} operations[] = {
#define OPERATION(name, scope) { #name, op_##name, scope },
#include "operations.def"
#undef OPERATION
};

static const struct operation *find(const char *name)
{
	for (size_t i = 0; i < sizeof(operations) / sizeof(operations[0]); i++) {
		if (strcmp(operations[i].name, name) == 0)
			return &operations[i];
	}
	return NULL;
}

void operation_run(const char *name, struct args *args, struct reply *reply)
{
	const struct operation *operation = find(name);
	uint32_t before = netns_current();
	struct user *user;
	int error;

	if (!operation) {
		reply_fail(reply, ENOSYS, "%.64s: no such operation", name);
		return;
	}
	if (args_has(args, "user")) {
		user = user_argument(args, "user", reply);
		if (user)
			user_forward(user, name, args, reply);
		if (!args_valid(args))
			reply_fail(reply, EINVAL, "%s: %s", name, args->complaint);
		return;
	}
	if (operation->scope != IN_NETNS && args_has(args, "netns")) {
		reply_fail(reply, EINVAL, "%s does not take the argument netns", name);
		return;
	}
	error = netns_enter(args_uint_or(args, "netns", UINT32_MAX, before));
	if (error) {
		reply_fail(reply, error, "%s: enter the network namespace", name);
		return;
	}
	operation->run(args, reply);
	netns_enter(before);
	if (!args_valid(args))
		reply_fail(reply, EINVAL, "%s: %s", name, args->complaint);
}
