// SPDX-License-Identifier: Apache-2.0
#include "clock.h"
#include "operation.h"

void op_clock_read(struct args *args, struct reply *reply)
{
	(void)args;
	reply_map(reply, 1);
	reply_key_uint(reply, "monotonic_ns", clock_ns(CLOCK_MONOTONIC));
}
