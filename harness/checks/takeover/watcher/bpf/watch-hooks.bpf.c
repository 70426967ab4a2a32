// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * Tells the watcher who changed something: bpf() commands when they return, and calls of kernel
 * functions. It reads no kernel structure, so it needs no BTF.
 */
#include <linux/bpf.h>
#include <linux/netlink.h>
#include <linux/ptrace.h>
#include <linux/rtnetlink.h>

#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>

#include "../event.h"

/* The watcher's own process, whose calls are counted and not told; not 0. */
volatile const __u32 own_tgid = 1;
/* Whether changes of elements are told. */
volatile const __u32 tell_elements = 0;

struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 1 << 18);
} events SEC(".maps");

/* Commands under way, by thread. */
struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, 4096);
	__type(key, __u64);
	__type(value, __u32);
} under_way SEC(".maps");

/* COUNT_OWN: calls of the watcher itself, by which it knows that the probe works; COUNT_LOST. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 2);
	__type(key, __u32);
	__type(value, __u64);
} counts SEC(".maps");

static __always_inline void count(__u32 which)
{
	__u64 *counter = bpf_map_lookup_elem(&counts, &which);

	if (counter)
		__sync_fetch_and_add(counter, 1);
}

static __always_inline int tell(__u32 what, __u32 command, __s64 ret)
{
	__u64 thread = bpf_get_current_pid_tgid();
	struct event *event;

	if (thread >> 32 == own_tgid)
		return 0;
	event = bpf_ringbuf_reserve(&events, sizeof(*event), 0);
	if (!event) {
		count(COUNT_LOST);
		return 0;
	}
	event->time_ns = bpf_ktime_get_ns();
	event->what = what;
	event->command = command;
	event->ret = ret;
	event->pid = thread >> 32;
	event->uid = bpf_get_current_uid_gid();
	event->cgroup = bpf_get_current_cgroup_id();
	bpf_get_current_comm(event->comm, sizeof(event->comm));
	bpf_ringbuf_submit(event, 0);
	return 0;
}

/* Commands that change nothing that is watched. */
static __always_inline int changes(__u32 command)
{
	switch (command) {
	case BPF_MAP_UPDATE_ELEM:
	case BPF_MAP_DELETE_ELEM:
	case BPF_MAP_LOOKUP_AND_DELETE_ELEM:
	case BPF_MAP_LOOKUP_AND_DELETE_BATCH:
	case BPF_MAP_UPDATE_BATCH:
	case BPF_MAP_DELETE_BATCH:
		return tell_elements;
	case BPF_MAP_CREATE:
	case BPF_PROG_LOAD:
	case BPF_OBJ_PIN:
	case BPF_PROG_ATTACH:
	case BPF_PROG_DETACH:
	case BPF_RAW_TRACEPOINT_OPEN:
	case BPF_MAP_FREEZE:
	case BPF_LINK_CREATE:
	case BPF_LINK_UPDATE:
	case BPF_LINK_DETACH:
	case BPF_PROG_BIND_MAP:
		return 1;
	}
	return 0;
}

static __always_inline int enter(__u32 command)
{
	__u64 thread = bpf_get_current_pid_tgid();

	if (thread >> 32 == own_tgid)
		count(COUNT_OWN);
	else if (changes(command))
		bpf_map_update_elem(&under_way, &thread, &command, BPF_ANY);
	return 0;
}

/* __sys_bpf(int cmd, ...): also called by syscall programs. */
SEC("kprobe")
int bpf_enter(struct pt_regs *ctx)
{
	return enter(PT_REGS_PARM1(ctx));
}

/* __x64_sys_bpf(const struct pt_regs *) and the like, where __sys_bpf is missing (before 5.14). */
SEC("kprobe")
int bpf_enter_call(struct pt_regs *ctx)
{
	struct pt_regs *user = (struct pt_regs *)PT_REGS_PARM1(ctx);
	__u64 command = 0;

	bpf_probe_read_kernel(&command, sizeof(command), &PT_REGS_PARM1(user));
	return enter(command);
}

SEC("kretprobe")
int bpf_return(struct pt_regs *ctx)
{
	__u64 thread = bpf_get_current_pid_tgid();
	__u32 *command = bpf_map_lookup_elem(&under_way, &thread);
	__u32 which;
	__s32 ret = PT_REGS_RC(ctx);

	if (!command)
		return 0;
	which = *command;
	bpf_map_delete_elem(&under_way, &thread);
	return ret < 0 ? 0 : tell(EVENT_COMMAND, which, ret);
}

/* rtnetlink_rcv_msg(skb, nlh, extack): runs in the sender, who is not named in notifications. */
SEC("kprobe")
int on_rtnetlink(struct pt_regs *ctx)
{
	struct nlmsghdr header = {};

	bpf_probe_read_kernel(&header, sizeof(header), (void *)PT_REGS_PARM2(ctx));
	switch (header.nlmsg_type) {
	case RTM_NEWLINK:
	case RTM_SETLINK:
	case RTM_DELLINK:
	case RTM_NEWQDISC:
	case RTM_DELQDISC:
	case RTM_NEWTFILTER:
	case RTM_DELTFILTER:
		return tell(EVENT_RTNETLINK, header.nlmsg_type, 0);
	}
	return 0;
}

/* A function whose call may have changed something (EVENT_WAKE), or is itself the change. */
#define ON(name, what) \
	SEC("kprobe") \
	int on_##name(struct pt_regs *ctx) \
	{ \
		(void)ctx; \
		return tell(what, 0, 0); \
	}
ON(link_free, EVENT_WAKE)
ON(link_release, EVENT_WAKE)
ON(switch, EVENT_WAKE)
ON(socket_filter, EVENT_SOCKET_FILTER)
ON(socket_attach, EVENT_SOCKET_FILTER)
ON(reuseport, EVENT_REUSEPORT)
ON(cgroup_move, EVENT_CGROUP_MOVE)
ON(descriptor_taken, EVENT_DESCRIPTOR_TAKEN)
ON(program_put, EVENT_PROGRAM_PUT)

char _license[] SEC("license") = "Dual BSD/GPL";
