// SPDX-License-Identifier: Apache-2.0
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "capability.h"
#include "fd_socket.h"
#include "handle.h"
#include "handle_fd.h"
#include "identity.h"
#include "memory.h"
#include "operation.h"
#include "user.h"
#include "user_process.h"

#define MAX_GROUPS 64
#define MAX_MAPPINGS 64
#define MAX_VARIABLES 64
#define PATIENCE_MS 10000
#define MAX_PATIENCE_MS 600000
/*
 * Keeps the handles of users apart from the agent's and from each other; after 4095 users the
 * ranges repeat.
 */
#define HANDLES_OF_A_USER (1u << 20)
#define PLACES_OF_USERS 4095

/* Lines of /proc/<pid>/uid_map: id inside, id outside, count (user_namespaces(7)). */
struct mapping {
	char text[MAX_MAPPINGS * 40];
	size_t length;
};

static void map_range(struct mapping *mapping, uint32_t inside, uint32_t outside, uint32_t count)
{
	mapping->length += snprintf(mapping->text + mapping->length, sizeof(mapping->text) - mapping->length, "%u %u %u\n",
				    inside, outside, count);
}

/* Appends the ranges of the argument. False if it is absent. */
static bool take_mapping(struct args *args, const char *key, struct mapping *mapping)
{
	uint32_t count = args_count_or_none(args, key, MAX_MAPPINGS);

	for (uint32_t i = 0; i < count; i++) {
		struct args range = args_element(args, key, i);
		uint32_t inside = args_uint(&range, "inside", INT32_MAX);
		uint32_t outside = args_uint(&range, "outside", INT32_MAX);

		map_range(mapping, inside, outside, args_uint_or(&range, "count", INT32_MAX, 1));
	}
	return args_has(args, key);
}

static void take_groups(struct args *args, struct identity *identity)
{
	uint32_t count = args_count_or_none(args, "groups", MAX_GROUPS);

	identity->groups = memory_zeroed(count * sizeof(gid_t));
	identity->group_count = count;
	for (uint32_t i = 0; i < count; i++)
		identity->groups[i] = args_uint_at(args, "groups", i, INT32_MAX);
}

static void take_namespaces(struct args *args, struct identity *identity)
{
	for (uint32_t i = 0; i < args_count_or_none(args, "unshare", NAMESPACES); i++) {
		const char *name = args_string_at(args, "unshare", i);
		int which = 0;

		while (which < NAMESPACES && strcmp(identity_namespaces[which], name) != 0)
			which++;
		if (which == NAMESPACES)
			args_complain(args, "unshare", "has an unknown namespace: %.32s", name);
		else
			identity->unshare[which] = true;
	}
}

static void take_capabilities(struct args *args, struct identity *identity)
{
	identity->confined = args_has(args, "capabilities");
	for (uint32_t i = 0; i < args_count_or_none(args, "capabilities", UINT32_MAX); i++) {
		const char *name = args_string_at(args, "capabilities", i);
		int number = capability_number(name);

		if (number < 0)
			args_complain(args, "capabilities", "has an unknown name: %.32s", name);
		else
			identity->capabilities |= 1ull << number;
	}
}

/* The default: the user becomes root in the namespace, the other groups map to themselves. */
static void map_as_ever(const struct identity *identity, struct mapping *uids, struct mapping *gids)
{
	if (uids)
		map_range(uids, 0, identity->uid, 1);
	if (!gids)
		return;
	map_range(gids, 0, identity->gid, 1);
	for (size_t i = 0; i < identity->group_count; i++) {
		if (identity->groups[i] != 0 && identity->groups[i] != identity->gid)
			map_range(gids, identity->groups[i], identity->groups[i], 1);
	}
}

static void start(struct user *user, const struct identity *identity, const struct mapping *uids,
		  const struct mapping *gids, char **env, struct reply *reply)
{
	static uint32_t started;
	struct handle *handle;
	char what[128];
	uint32_t place = started++ % PLACES_OF_USERS + 1;
	int error = user_process_start(user, identity, uids->text, gids->text, env, place * HANDLES_OF_A_USER, what);

	if (error) {
		reply_fail(reply, error, "%s", what);
		user_end(user);
		return;
	}
	handle = handle_new(HANDLE_USER);
	handle->user = user;
	user->id = handle->id;
	reply_map(reply, 2);
	reply_key_uint(reply, "user", handle->id);
	reply_key_uint(reply, "pid", user->pid);
}

void op_user_start(struct args *args, struct reply *reply)
{
	struct identity identity = {
		.uid = args_uint(args, "uid", INT32_MAX),
		.gid = args_uint(args, "gid", INT32_MAX),
	};
	struct mapping uids = { 0 }, gids = { 0 };
	bool uids_given = take_mapping(args, "uid_map", &uids), gids_given = take_mapping(args, "gid_map", &gids);
	int patience_ms = args_uint_or(args, "patience_ms", MAX_PATIENCE_MS, PATIENCE_MS);
	uint32_t variables = args_count_or_none(args, "env", MAX_VARIABLES);
	char *env[MAX_VARIABLES + 1] = { 0 };
	struct user *user = memory_zeroed(sizeof(*user)), *joined = NULL;

	take_groups(args, &identity);
	take_namespaces(args, &identity);
	take_capabilities(args, &identity);
	for (uint32_t i = 0; i < variables && args_valid(args); i++)
		env[i] = (char *)args_string_at(args, "env", i);
	if (args_valid(args) && args_has(args, "join"))
		joined = user_argument(args, "join", reply);
	if (!args_valid(args) || reply->failed) {
		free(user);
	} else {
		identity.join = joined ? joined->pid : 0;
		map_as_ever(&identity, uids_given ? NULL : &uids, gids_given ? NULL : &gids);
		user->patience_ms = patience_ms;
		start(user, &identity, &uids, &gids, env, reply);
	}
	free(identity.groups);
}

void op_fd_send(struct args *args, struct reply *reply)
{
	int fd = handle_fd(args), error;

	if (!args_valid(args))
		return;
	error = fd < 0 ? -EBADF : fd_socket_send(user_process_passing(), fd);
	reply_done(reply, error, "send the file descriptor");
}

void op_fd_receive(struct args *args, struct reply *reply)
{
	int fd = fd_socket_receive(user_process_passing());

	(void)args;
	if (fd < 0)
		reply_fail(reply, fd, "receive a file descriptor");
	else
		handle_fd_keep(fd, reply);
}

/* A file descriptor of the agent for one that a user holds. Negative after failing the reply. */
static int take_from(struct user *user, struct args *named, struct reply *reply)
{
	struct reply answer;
	int fd = -1;

	reply_init(&answer, 0);
	user_forward(user, "fd_send", named, &answer);
	if (answer.failed)
		reply_copy(reply, &answer);
	else
		fd = fd_socket_receive(user->passing);
	reply_free(&answer);
	if (fd < 0 && !reply->failed)
		reply_fail(reply, fd, "receive the file descriptor from user %u", user->id);
	return fd;
}

static void give_to(struct user *user, int fd, struct reply *reply)
{
	int error = user->lost ? 0 : fd_socket_send(user->passing, fd);

	if (error)
		reply_fail(reply, error, "send the file descriptor to user %u", user->id);
	else
		user_forward(user, "fd_receive", NULL, reply);
}

void op_fd_pass(struct args *args, struct reply *reply)
{
	bool has_from = args_has(args, "from"), has_to = args_has(args, "to");
	struct user *from = has_from ? user_argument(args, "from", reply) : NULL;
	struct user *to = has_to ? user_argument(args, "to", reply) : NULL;
	int fd, own;

	if ((has_from && !from) || (has_to && !to))
		return;
	if (from) {
		fd = take_from(from, args, reply);
	} else {
		own = handle_fd(args);
		if (!args_valid(args))
			return;
		fd = own < 0 ? -1 : fcntl(own, F_DUPFD_CLOEXEC, 3);
		if (fd < 0)
			reply_fail(reply, own < 0 ? EBADF : errno, "pass a file descriptor");
	}
	if (fd < 0)
		return;
	if (!to) {
		handle_fd_keep(fd, reply);
		return;
	}
	give_to(to, fd, reply);
	close(fd);
}
