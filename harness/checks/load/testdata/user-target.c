// SPDX-License-Identifier: Apache-2.0
/*
 * A binary to attach to: functions, and the USDT probe `bpfgate:worked` as <sys/sdt.h> of systemtap
 * would write it, which need not be installed. Without libc's start, so that it is small.
 */
#include <stdlib.h>
#include <unistd.h>

#ifdef WITHOUT_PROBE
#define PROBE(provider, name, argument)
#else
/* struct of a note: sizes, type 3, owner; address, base, semaphore; provider, name, arguments. */
#define PROBE(provider, name, argument)                                                             \
	__asm__ volatile("990: nop\n"                                                               \
			 ".pushsection .note.stapsdt,\"\",\"note\"\n"                               \
			 ".balign 4\n"                                                              \
			 ".4byte 992f-991f, 994f-993f, 3\n"                                         \
			 "991: .asciz \"stapsdt\"\n"                                                \
			 "992: .balign 4\n"                                                         \
			 "993: .8byte 990b, 0, 0\n"                                                 \
			 ".asciz \"" #provider "\", \"" #name "\", \"-4@%0\"\n"                     \
			 "994: .balign 4\n"                                                         \
			 ".popsection\n"                                                            \
			 :                                                                          \
			 : "r"(argument))
#endif

__attribute__((noinline)) int work(int amount)
{
	PROBE(bpfgate, worked, amount);
	return amount + 1;
}

__attribute__((noinline)) int work_more(int amount)
{
	return work(amount) * 2;
}

void _start(void)
{
	_exit(work_more(20) == 42 ? EXIT_SUCCESS : EXIT_FAILURE);
}
