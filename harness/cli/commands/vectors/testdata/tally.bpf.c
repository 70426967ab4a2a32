// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Remembers of each packet what can be recorded, and with JITTERY also what is never twice the same. */
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

enum state { IDLE, BUSY = 5 };

struct seen {
	__u64 packets;
	__u64 last_ns;
	__u32 length;
	enum state state;
	__be32 source;
	__be16 type;
	__u8 mac[6];
	char label[8];
	__u16 history[4];
	union {
		__u32 word;
		__u8 bytes[4];
	} tail;
	struct {
		__u32 low : 3;
		__u32 high : 5;
	} bits;
};

struct pair {
	__be32 from;
	__u16 number;
	__u16 kind;
};

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 2);
	__type(key, __u32);
	__type(value, struct seen);
} seen SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 16);
	__type(key, struct pair);
	__type(value, __u64);
} pairs SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_LPM_TRIE);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__uint(max_entries, 16);
	__uint(key_size, 8);
	__uint(value_size, 4);
} prefixes SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 4096);
} records SEC(".maps");

struct record {
	__u64 at;
	__u32 length;
	__u32 count;
};

__s32 balance = -3;

SEC("xdp")
int tally(struct xdp_md *ctx)
{
	__u8 *data = (void *)(long)ctx->data, *end = (void *)(long)ctx->data_end;
	struct pair pair = { .from = __builtin_bswap32(0xc0000207), .number = 7, .kind = 1 };
	__u8 prefix[8] = { 24, 0, 0, 0, 198, 51, 100, 0 };
	__u8 gone[8] = { 8, 0, 0, 0, 10, 0, 0, 0 };
	__u32 zero = 0, verdict = 9;
	__u64 one = 1;
	struct seen *s = bpf_map_lookup_elem(&seen, &zero);

	if (!s || data + 18 > end)
		return XDP_ABORTED;
	s->packets++;
	s->length = end - data;
	s->state = BUSY;
	__builtin_memcpy(&s->source, data + 14, 4);
	__builtin_memcpy(&s->type, data + 12, 2);
	__builtin_memcpy(s->mac, data + 6, 6);
	__builtin_memcpy(s->label, "frames", 7);
	s->history[2] = 80;
	s->tail.word = 0x01020304;
	s->bits.high = 17;
	balance += 1;
	bpf_map_update_elem(&pairs, &pair, &one, BPF_ANY);
	bpf_map_update_elem(&prefixes, prefix, &verdict, BPF_ANY);
	bpf_map_delete_elem(&prefixes, gone);

	struct record *record = bpf_ringbuf_reserve(&records, sizeof(*record), 0);
	if (record) {
#ifdef JITTERY
		record->at = bpf_ktime_get_ns();
#else
		record->at = 0;
#endif
		record->length = end - data;
		record->count = s->packets;
		bpf_ringbuf_submit(record, 0);
	}
#ifdef JITTERY
	s->last_ns = bpf_ktime_get_ns();
	pair.number = s->last_ns;
	pair.from = s->last_ns >> 8;
	bpf_map_update_elem(&pairs, &pair, &one, BPF_ANY);
#endif
	data[0] = 6;
	return XDP_TX;
}

char LICENSE[] SEC("license") = "Dual BSD/GPL";
