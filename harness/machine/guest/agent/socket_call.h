// SPDX-License-Identifier: Apache-2.0
#ifndef BPFGATE_SOCKET_CALL_H
#define BPFGATE_SOCKET_CALL_H

#include <stdint.h>

#include "args.h"
#include "sock_address.h"

#define SOCKET_CALL_MAX_DATA 2048

/* One system call on the socket of a slot, of which there are 64. */
struct socket_step {
	const char *call;
	uint32_t slot;
	/* Of accept: where the new socket goes. */
	uint32_t into;
	int domain, type, protocol;
	struct sock_address address;
	struct bytes data;
	int level, option;
};

/* What became of it, as it comes through the pipe. */
struct socket_outcome {
	int32_t error;
	uint32_t data_length;
	uint64_t time_ns;
	uint8_t data[SOCKET_CALL_MAX_DATA];
	struct sock_address address;
};

/*
 * Element `index` of the arguments' `steps`, valid when they are. Its call and data live as long as
 * the request.
 */
struct socket_step socket_step_of(struct args *args, uint32_t index);

/* To be called before the first call: there are no sockets yet. */
void socket_call_begin(void);

/*
 * The system call: negative when it failed, with errno. Does not touch the error and the time of
 * the outcome.
 */
int socket_call(const struct socket_step *step, struct socket_outcome *outcome);

#endif
