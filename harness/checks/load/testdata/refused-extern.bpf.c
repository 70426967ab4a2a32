// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* What an object refers to and nothing gives, and options of the kernel, one for each macro. */
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

#if defined(MACRO)
extern int ntohl(int value);
#elif defined(FUNCTION)
extern int other(int a);
#elif defined(KFUNC)
extern void scx_bpf_never_was_there(void) __ksym;
#elif defined(OPTION)
extern unsigned CONFIG_HZ __kconfig;
extern int LINUX_KERNEL_VERSION __kconfig;
extern _Bool CONFIG_NO_SUCH_THING __kconfig __weak;
#elif defined(WEAK_OPTION)
extern unsigned CONFIG_HZ __kconfig __weak;
#elif defined(NO_OPTION)
extern unsigned CONFIG_NO_SUCH_THING __kconfig;
#elif defined(OPTION_TYPE)
extern char CONFIG_HZ __kconfig;
#endif

__u64 out;

SEC("xdp")
int use(struct xdp_md *ctx)
{
#if defined(MACRO)
	out = ntohl(ctx->ingress_ifindex);
#elif defined(FUNCTION)
	out = other(1);
#elif defined(KFUNC)
	scx_bpf_never_was_there();
#elif defined(OPTION)
	/* The verifier knows the values: it would refuse the read of an invalid stack slot. */
	if (CONFIG_NO_SUCH_THING || !LINUX_KERNEL_VERSION || (CONFIG_HZ != 100 && CONFIG_HZ != 250 && CONFIG_HZ != 1000))
		asm volatile("%0 = *(u64 *)(r10 + 8)" : "=r"(out));
#elif defined(WEAK_OPTION) || defined(OPTION_TYPE)
	if (!CONFIG_HZ)
		asm volatile("%0 = *(u64 *)(r10 + 8)" : "=r"(out));
#elif defined(NO_OPTION)
	out = CONFIG_NO_SUCH_THING;
#endif
	return XDP_PASS;
}

char LICENSE[] SEC("license") = "Dual BSD/GPL";
