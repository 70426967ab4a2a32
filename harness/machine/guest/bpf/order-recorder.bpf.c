// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * Records which members of a chain a packet reached, and in which order: one record in `runs` for
 * each run of a member. Each member has its own instance of this object, with its number in
 * `member`; all instances share one `runs`.
 */
#include <linux/bpf.h>
#include <linux/pkt_cls.h>
#include <bpf/bpf_endian.h>
#include <bpf/bpf_helpers.h>

#define WINDOW 192

enum { NO_PACKET, XDP_PACKET, SKB_PACKET };
enum { NUMBERED = 1, RETURNED = 2, SLOT_EMPTY = 4 };

struct run {
	__u32 member;
	__u32 retval;
	__u32 number;
	__u32 flags;
	__u64 time_ns;
};

/* A packet contains `marker`, followed by its number, both in network order. */
const volatile struct {
	__u32 marker;
	__u32 member;
	__u32 packet_kind;
	/*
	 * Offsets in struct xdp_buff or sk_buff, found by packet-offsets.bpf.c: with CO-RE libbpf would
	 * read the kernel's types for each member.
	 */
	__u32 data_at;
	__u32 end_at;
	__u32 length_at;
	__u32 fragments_at;
} settings SEC(".rodata.settings");

struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 4096);
} runs SEC(".maps");

/* Number of runs that did not fit into `runs`; also shared. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, __u64);
} lost SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_PROG_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, __u32);
} real SEC(".maps");

/* The start of a packet. */
struct window {
	__u8 bytes[WINDOW];
	__u32 length;
	__u32 marker_at;
};

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct window);
} windows SEC(".maps");

/* One load without regard to alignment: the verifier checks it at every offset. */
static __always_inline __u32 word(const __u8 *at)
{
	return *(const __u32 *)at;
}

/*
 * Stores the number in the window, if there is one. The offset goes through a map value, so that
 * the verifier checks the code once instead of for each possible offset and length.
 */
static __always_inline void find_number(struct window *window, struct run *run)
{
	__u32 marker = bpf_htonl(settings.marker), at;

	window->marker_at = WINDOW;
#pragma clang loop unroll(full)
	for (at = 0; at + 8 <= WINDOW; at++) {
		if (word(&window->bytes[at]) == marker) {
			window->marker_at = at;
			break;
		}
	}
	at = *(volatile __u32 *)&window->marker_at;
	if (at > WINDOW - 8 || at + 8 > *(volatile __u32 *)&window->length)
		return;
	run->number = bpf_ntohl(word(&window->bytes[at + 4]));
	run->flags |= NUMBERED;
}

static __always_inline struct window *own_window(void)
{
	return bpf_map_lookup_elem(&windows, &(__u32){ 0 });
}

static __always_inline void report(struct run *run)
{
	run->member = settings.member;
	run->time_ns = bpf_ktime_get_ns();
	if (bpf_ringbuf_output(&runs, run, sizeof(*run), 0)) {
		__u64 *count = bpf_map_lookup_elem(&lost, &(__u32){ 0 });

		if (count)
			__sync_fetch_and_add(count, 1);
	}
}

static __always_inline const void *pointer_at(__u64 object, __u32 offset)
{
	const void *pointer = NULL;

	bpf_probe_read_kernel(&pointer, sizeof(pointer), (void *)object + offset);
	return pointer;
}

static __always_inline __u32 number_at(__u64 object, __u32 offset)
{
	__u32 number = 0;

	bpf_probe_read_kernel(&number, sizeof(number), (void *)object + offset);
	return number;
}

/* Runs after the member and sees the packet as the member has left it. */
SEC("?fexit")
int after_member(__u64 *arguments)
{
	struct run run = { .flags = RETURNED };
	struct window *window = own_window();
	const void *data = NULL;
	__u64 length = 0;

	run.retval = (__u32)arguments[1];
	if (settings.packet_kind == XDP_PACKET) {
		data = pointer_at(arguments[0], settings.data_at);
		length = pointer_at(arguments[0], settings.end_at) - data;
	} else if (settings.packet_kind == SKB_PACKET) {
		data = pointer_at(arguments[0], settings.data_at);
		length = number_at(arguments[0], settings.length_at) - number_at(arguments[0], settings.fragments_at);
	}
	if (length > WINDOW)
		length = WINDOW;
	if (window && length > 0 && bpf_probe_read_kernel(window->bytes, length, data) == 0) {
		window->length = length;
		find_number(window, &run);
	}
	report(&run);
	return 0;
}

static __always_inline void record_xdp(struct xdp_md *xdp)
{
	const __u8 *data = (void *)(long)xdp->data, *end = (void *)(long)xdp->data_end;
	__u32 marker = bpf_htonl(settings.marker);
	struct run run = {};

	for (__u32 at = 0; at + 8 <= WINDOW; at++) {
		if (data + at + 8 > end)
			break;
		if (word(data + at) == marker) {
			run.number = bpf_ntohl(word(data + at + 4));
			run.flags = NUMBERED;
			break;
		}
	}
	report(&run);
}

static __always_inline void report_empty(void)
{
	struct run run = { .flags = SLOT_EMPTY };

	report(&run);
}

/* Takes the member's slot in a program array, then calls the member. */
SEC("?xdp")
int slot_xdp(struct xdp_md *xdp)
{
	record_xdp(xdp);
	bpf_tail_call(xdp, &real, 0);
	report_empty();
	return XDP_ABORTED;
}

SEC("?xdp.frags")
int slot_xdp_frags(struct xdp_md *xdp)
{
	record_xdp(xdp);
	bpf_tail_call(xdp, &real, 0);
	report_empty();
	return XDP_ABORTED;
}

static __always_inline int go_on(struct __sk_buff *skb)
{
	struct window *window = own_window();
	__u32 last = skb->len - 1;
	struct run run = {};

	/*
	 * Computed with len - 1, because 5.10 cannot derive that a length is not 0. For an empty packet
	 * it wraps, and loading the window fails.
	 */
	if (last > WINDOW - 1)
		last = WINDOW - 1;
	if (window && bpf_skb_load_bytes(skb, 0, window->bytes, last + 1) == 0) {
		window->length = last + 1;
		find_number(window, &run);
	}
	report(&run);
	bpf_tail_call(skb, &real, 0);
	report_empty();
	return TC_ACT_SHOT;
}

/*
 * From 6.17 on, and in stable kernels, a program array accepts only programs with the expected
 * attach type of its caller.
 */
#define SLOT(section, name)         \
	SEC("?" section)            \
	int name(struct __sk_buff *skb) \
	{                           \
		return go_on(skb);  \
	}

SLOT("tc", slot_tc)
SLOT("tcx/ingress", slot_tcx_ingress)
SLOT("tcx/egress", slot_tcx_egress)
SLOT("netkit/primary", slot_netkit_primary)
SLOT("netkit/peer", slot_netkit_peer)

char LICENSE[] SEC("license") = "Dual BSD/GPL";
