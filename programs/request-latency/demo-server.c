// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * What the programs are attached to, in place of the server that they are written for. It serves
 * three requests and ends. Without the start-up code of libc it has a few kilobytes.
 */
#include <stdlib.h>
#include <unistd.h>

/*
 * The USDT probe `demo:served` with its argument, as DTRACE_PROBE1(demo, served, status) of
 * <sys/sdt.h> writes it: an ELF note with owner and type; address, base and semaphore; provider,
 * name and where the argument is.
 */
#define PROBE_SERVED(status)                                                                        \
	__asm__ volatile("990: nop\n"                                                               \
			 ".pushsection .note.stapsdt,\"\",\"note\"\n"                               \
			 ".balign 4\n"                                                              \
			 ".4byte 992f-991f, 994f-993f, 3\n"                                         \
			 "991: .asciz \"stapsdt\"\n"                                                \
			 "992: .balign 4\n"                                                         \
			 "993: .8byte 990b, 0, 0\n"                                                 \
			 ".asciz \"demo\", \"served\", \"-4@%0\"\n"                                 \
			 "994: .balign 4\n"                                                         \
			 ".popsection\n"                                                            \
			 :                                                                          \
			 : "r"(status))

__attribute__((noinline)) int serve_request(int number)
{
	int status = number % 3 == 2 ? 404 : 200;

	PROBE_SERVED(status);
	return status;
}

void _start(void)
{
	int missing = 0;

	for (int number = 0; number < 3; number++)
		missing += serve_request(number) == 404;
	_exit(missing == 1 ? EXIT_SUCCESS : EXIT_FAILURE);
}
