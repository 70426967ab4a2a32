/* SPDX-License-Identifier: GPL-2.0-only */
/* Lets through only what bpfgate once marked its packets with, so that the chain works in a test. */
#include <linux/bpf.h>
#include <linux/pkt_cls.h>
#include <bpf/bpf_endian.h>
#include <bpf/bpf_helpers.h>

#define MARKER 0xb9f6a7e5
/* The marker, and a number behind it. */
#define BYTES 8

SEC("tc")
int gate(struct __sk_buff *packet)
{
	__u32 marker = 0;

	bpf_skb_load_bytes(packet, packet->len - BYTES, &marker, sizeof(marker));
	return marker == bpf_htonl(MARKER) ? TC_ACT_UNSPEC : TC_ACT_SHOT;
}

SEC("tc")
int behind(struct __sk_buff *packet)
{
	return TC_ACT_UNSPEC;
}

char LICENSE[] SEC("license") = "GPL";
