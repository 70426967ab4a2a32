// SPDX-License-Identifier: Apache-2.0
#include "key.h"

#include <errno.h>
#include <linux/keyctl.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

key_serial key_argument(struct args *args, const char *key)
{
	key_serial serial = args_int(args, key, KEY_SPEC_REQUESTOR_KEYRING, INT32_MAX);

	if (serial == 0)
		args_complain(args, key, "must not be 0: keys are numbered from 1");
	return serial;
}

long keyctl(int command, unsigned long a, unsigned long b, unsigned long c, unsigned long d)
{
	return syscall(SYS_keyctl, command, a, b, c, d);
}

void key_make_keyrings(void)
{
	static const key_serial specials[] = {
		KEY_SPEC_SESSION_KEYRING, KEY_SPEC_USER_KEYRING,    KEY_SPEC_USER_SESSION_KEYRING,
		KEY_SPEC_THREAD_KEYRING,  KEY_SPEC_PROCESS_KEYRING,
	};

	if (keyctl(KEYCTL_JOIN_SESSION_KEYRING, (unsigned long)"bpfgate", 0, 0, 0) < 0)
		fprintf(stderr, "bpfgate: session keyring: %s\n", strerror(errno));
	for (size_t i = 0; i < sizeof(specials) / sizeof(specials[0]); i++) {
		if (keyctl(KEYCTL_GET_KEYRING_ID, (unsigned long)(long)specials[i], 1, 0, 0) < 0)
			fprintf(stderr, "bpfgate: keyring %d: %s\n", specials[i], strerror(errno));
	}
}
