// SPDX-License-Identifier: Apache-2.0
#include <errno.h>
#include <linux/keyctl.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "key.h"
#include "memory.h"
#include "operation.h"

/* keyctl(2) takes a negative serial number as unsigned long. */
static unsigned long as_argument(key_serial serial)
{
	return (unsigned long)(long)serial;
}

static void reply_serial(struct reply *reply, long serial, const char *doing, const char *what)
{
	if (serial < 0) {
		reply_fail(reply, errno, "%s %s", doing, what);
		return;
	}
	reply_map(reply, 1);
	reply_key_uint(reply, "serial", serial);
}

static void reply_result(struct reply *reply, long result, const char *doing, key_serial serial)
{
	reply_done(reply, result < 0 ? errno : 0, "%s key %d", doing, serial);
}

void op_key_add(struct args *args, struct reply *reply)
{
	const char *type = args_string(args, "type");
	const char *description = args_string_or_null(args, "description");
	struct bytes payload = args_bytes_or_none(args, "payload", UINT32_MAX);
	key_serial keyring = key_argument(args, "keyring");

	if (args_valid(args))
		reply_serial(reply, syscall(SYS_add_key, type, description, payload.data, (size_t)payload.length, keyring),
			     "add key of type", type);
}

void op_key_search(struct args *args, struct reply *reply)
{
	const char *type = args_string(args, "type");
	const char *description = args_string(args, "description");
	key_serial keyring = key_argument(args, "keyring");

	if (args_valid(args))
		reply_serial(reply,
			     keyctl(KEYCTL_SEARCH, as_argument(keyring), (unsigned long)type, (unsigned long)description, 0),
			     "search", description);
}

/* The serial number of a key given by KEY_SPEC_*; creates the keyring if it does not exist. */
void op_key_id(struct args *args, struct reply *reply)
{
	key_serial key = key_argument(args, "key");

	if (args_valid(args))
		reply_serial(reply, keyctl(KEYCTL_GET_KEYRING_ID, as_argument(key), 1, 0, 0), "find", "keyring");
}

void op_key_describe(struct args *args, struct reply *reply)
{
	key_serial key = key_argument(args, "key");
	char text[1024];
	long length;

	if (!args_valid(args))
		return;
	length = keyctl(KEYCTL_DESCRIBE, as_argument(key), (unsigned long)text, sizeof(text), 0);
	if (length < 0) {
		reply_fail(reply, errno, "describe key %d", key);
		return;
	}
	text[sizeof(text) - 1] = '\0';
	reply_map(reply, 1);
	reply_key_string(reply, "description", text);
}

/* The keys in a keyring, or the payload of a readable key. */
void op_key_read(struct args *args, struct reply *reply)
{
	key_serial key = key_argument(args, "key");
	uint8_t *data;
	long length;

	if (!args_valid(args))
		return;
	length = keyctl(KEYCTL_READ, as_argument(key), 0, 0, 0);
	data = memory_zeroed(length > 0 ? length : 0);
	if (length >= 0)
		length = keyctl(KEYCTL_READ, as_argument(key), (unsigned long)data, length, 0);
	if (length < 0) {
		reply_fail(reply, errno, "read key %d", key);
	} else {
		reply_map(reply, 1);
		reply_key_bytes(reply, "data", data, length);
	}
	free(data);
}

static void link_or_unlink(struct args *args, struct reply *reply, int command, const char *doing)
{
	key_serial key = key_argument(args, "key");
	key_serial keyring = key_argument(args, "keyring");

	if (args_valid(args))
		reply_result(reply, keyctl(command, as_argument(key), as_argument(keyring), 0, 0), doing, key);
}

void op_key_link(struct args *args, struct reply *reply)
{
	link_or_unlink(args, reply, KEYCTL_LINK, "link");
}

void op_key_unlink(struct args *args, struct reply *reply)
{
	link_or_unlink(args, reply, KEYCTL_UNLINK, "unlink");
}

static void act_on(struct args *args, struct reply *reply, int command, const char *doing)
{
	key_serial key = key_argument(args, "key");

	if (args_valid(args))
		reply_result(reply, keyctl(command, as_argument(key), 0, 0, 0), doing, key);
}

void op_key_revoke(struct args *args, struct reply *reply)
{
	act_on(args, reply, KEYCTL_REVOKE, "revoke");
}

void op_key_invalidate(struct args *args, struct reply *reply)
{
	act_on(args, reply, KEYCTL_INVALIDATE, "invalidate");
}

void op_key_clear(struct args *args, struct reply *reply)
{
	act_on(args, reply, KEYCTL_CLEAR, "clear");
}

void op_key_timeout(struct args *args, struct reply *reply)
{
	key_serial key = key_argument(args, "key");
	uint32_t seconds = args_uint(args, "seconds", UINT32_MAX);

	if (args_valid(args))
		reply_result(reply, keyctl(KEYCTL_SET_TIMEOUT, as_argument(key), seconds, 0, 0), "limit", key);
}

void op_key_permit(struct args *args, struct reply *reply)
{
	key_serial key = key_argument(args, "key");
	uint32_t permissions = args_uint(args, "permissions", UINT32_MAX);

	if (args_valid(args))
		reply_result(reply, keyctl(KEYCTL_SETPERM, as_argument(key), permissions, 0, 0), "set permissions of", key);
}

void op_key_restrict(struct args *args, struct reply *reply)
{
	key_serial keyring = key_argument(args, "keyring");
	const char *type = args_string_or_null(args, "type");
	const char *restriction = args_string_or_null(args, "restriction");

	if (args_valid(args))
		reply_result(reply,
			   keyctl(KEYCTL_RESTRICT_KEYRING, as_argument(keyring), (unsigned long)type,
				  (unsigned long)restriction, 0),
			   "restrict", keyring);
}
