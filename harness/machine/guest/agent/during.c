// SPDX-License-Identifier: Apache-2.0
#define _GNU_SOURCE
#include "during.h"

#include <sys/wait.h>

#include "clock.h"
#include "operation.h"
#include "request.h"

#define MAX_STEPS 65536
/* The piece in progress when an operation returns does not count. */
#define MIN_BETWEEN 2
#define SLOW_PACE_US 1000

uint32_t during_rounds(struct args *args)
{
	uint32_t rounds = args_uint_or(args, "rounds", MAX_STEPS, 1);

	if ((uint64_t)rounds * args_count_or_none(args, "during", MAX_STEPS) > MAX_STEPS)
		args_complain(args, "during", "has too many operations");
	return rounds;
}

bool during_any(struct args *args)
{
	return args_count_or_none(args, "during", MAX_STEPS) > 0;
}

bool work_ended(const struct work *work)
{
	siginfo_t info = { 0 };

	if (!work->child)
		return *work->done >= work->most;
	return waitid(P_PID, work->child, &info, WEXITED | WNOHANG | WNOWAIT) == 0 && info.si_pid;
}

void work_pace(uint32_t done, uint32_t wanted)
{
	if (done / 2 >= wanted)
		pause_us(SLOW_PACE_US);
}

static void step(struct args *args, uint32_t index, const struct work *work, struct reply *reply)
{
	char complaint[160] = "";
	struct args element = args_element(args, "during", index);
	struct args inner = args_map(&element, "args");
	const char *op = args_string(&element, "op");
	struct reply answer;

	inner.complaint = complaint;
	inner.complaint_size = sizeof(complaint);
	reply_init(&answer, 0);
	reply_map(reply, 3);
	reply_key_uint(reply, "from", *work->done);
	operation_run(op, &inner, &answer);
	reply_key_uint(reply, "to", *work->done);
	reply_answer(reply, &answer);
	reply_free(&answer);
}

void during_run(struct args *args, uint32_t rounds, const struct work *work, struct reply *reply)
{
	uint32_t count = args_count_or_none(args, "during", MAX_STEPS), total = count * rounds;
	uint32_t between = work->wanted / (total + 1) + MIN_BETWEEN;

	reply_key(reply, "during");
	reply_array(reply, total);
	for (uint32_t i = 0; i < total; i++) {
		/*
		 * Counted from the end of the last operation, so that a late one does not shorten the
		 * distance to the next.
		 */
		uint32_t from = *work->done + between;

		while (*work->done < from && !work_ended(work)) {
			pause_us(50);
			request_progress();
		}
		step(args, i % count, work, reply);
	}
}
