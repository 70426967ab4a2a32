// SPDX-License-Identifier: Apache-2.0
#include <errno.h>
#include <linux/keyctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "key.h"
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

/* The serial number of a key given by KEY_SPEC_*; creates the keyring if it does not exist. */
void op_key_id(struct args *args, struct reply *reply)
{
	key_serial key = key_argument(args, "key");

	if (args_valid(args))
		reply_serial(reply, keyctl(KEYCTL_GET_KEYRING_ID, as_argument(key), 1, 0, 0), "find", "keyring");
}

void op_key_unlink(struct args *args, struct reply *reply)
{
	key_serial key = key_argument(args, "key");
	key_serial keyring = key_argument(args, "keyring");

	if (args_valid(args))
		reply_result(reply, keyctl(KEYCTL_UNLINK, as_argument(key), as_argument(keyring), 0, 0), "unlink", key);
}

void op_key_revoke(struct args *args, struct reply *reply)
{
	key_serial key = key_argument(args, "key");

	if (args_valid(args))
		reply_result(reply, keyctl(KEYCTL_REVOKE, as_argument(key), 0, 0, 0), "revoke", key);
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
