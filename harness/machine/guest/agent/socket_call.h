// SPDX-License-Identifier: Apache-2.0
#ifndef BPFGATE_SOCKET_CALL_H
#define BPFGATE_SOCKET_CALL_H

#include <stdint.h>

#include "args.h"
#include "sock_address.h"

#define SOCKET_CALL_MAX_DATA 2048

/* One system call on the socket of a slot; there are 64 slots. */
struct socket_step {
	const char *call;
	uint32_t slot;
	/* For accept: the slot of the new socket. */
	uint32_t into;
	int domain, type, protocol;
	struct sock_address address;
	struct bytes data;
	int level, option;
};

/* The result of the call, as sent through the pipe. */
struct socket_outcome {
	int32_t error;
	uint32_t data_length;
	uint64_t time_ns;
	uint8_t data[SOCKET_CALL_MAX_DATA];
	struct sock_address address;
};

/*
 * Element `index` of the argument `steps`; complains if it is invalid. Its call and data live as
 * long as the request.
 */
struct socket_step socket_step_of(struct args *args, uint32_t index);

/* Call before the first call: all slots are empty. */
void socket_call_begin(void);

/*
 * Makes the system call: negative with errno on failure. Leaves the error and time of the outcome
 * unchanged.
 */
int socket_call(const struct socket_step *step, struct socket_outcome *outcome);

#endif
