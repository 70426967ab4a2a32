// SPDX-License-Identifier: Apache-2.0
import { Type } from "@sinclair/typebox";
import { Bytes } from "../../../base/validate.js";
import {
	DoneDuring,
	During,
	Empty,
	Errno,
	Flag,
	Handle,
	Ifindex,
	InNetns,
	NewHandle,
	object,
	oneOf,
	operation,
	optional,
	S32,
	Size,
	Text,
	U32,
	uint,
} from "./schema.js";

const Port = uint(0xffff);
const DeviceName = Type.String({ minLength: 1, maxLength: 15 });
const Quiet = optional(uint(10_000));
const SocketCall = oneOf(
	"socket",
	"bind",
	"listen",
	"connect",
	"accept",
	"sendmsg",
	"recvmsg",
	"getsockname",
	"getpeername",
	"setsockopt",
	"getsockopt",
	"close",
);
export type SocketCall = (typeof SocketCall)["static"];

/** Devices, addresses, packets and sockets. */
export const networkOperations = {
	/**
	 * A network namespace whose loopback device is up. It lasts until `close`, and until no socket
	 * and no process is in it. `path` is for programs of the guest (setns(2)).
	 */
	netns_add: operation(Empty, object({ netns: Handle, path: Text })),
	/**
	 * A device, and its peer in `peer_netns`. `address` and `peer_address` are Ethernet addresses
	 * (6 bytes); a netkit device has none and takes IP packets, unless `ethernet` (NETKIT_L2).
	 */
	netdev_add: operation(
		object({
			kind: Type.String({ maxLength: 32, description: "rtnetlink kind: veth, dummy, netkit" }),
			name: DeviceName,
			peer: optional(DeviceName),
			up: optional(Flag),
			address: optional(Bytes(6)),
			peer_address: optional(Bytes(6)),
			peer_netns: optional(Handle),
			ethernet: optional(Flag),
			...InNetns,
		}),
		object({ ifindex: U32, peer_ifindex: optional(U32) }),
	),
	netdev_del: operation(object({ name: DeviceName, ...InNetns }), Empty),
	/** Adds an IPv4 or IPv6 address (4 or 16 bytes) to a device; it is usable at once. */
	addr_add: operation(object({ ifindex: Ifindex, address: Bytes(16), prefix: uint(128), ...InNetns }), Empty),

	/**
	 * A listening TCP or a bound UDP socket; the length of `address` (4 or 16 bytes, network order)
	 * gives its family. The guest need not have the address (IP_FREEBIND). `receive_buffer` in
	 * bytes. `cookie` is SO_COOKIE, the socket's name in program contexts. It stays open until
	 * `close`; `packets_read` reads from it. Errors: that of socket(2), bind(2) or listen(2).
	 */
	socket_open: operation(
		object({
			protocol: oneOf("tcp", "udp"),
			address: Bytes(16),
			port: Port,
			receive_buffer: optional(uint(256 << 20)),
			...InNetns,
		}),
		object({ handle: Handle, cookie: Size }),
	),

	/**
	 * Sends frames out of a device (packet(7)) in turn until `count` packets are sent (default: one
	 * of each frame; at most 1,048,576), with a pause of `interval_us` after each. With `number_at`
	 * each packet's number, from 0, is written there: 32 bits in network order. The kernel took
	 * `sent` of the `tried` packets; `errno` is that of the first refusal.
	 *
	 * Each operation of `during` (the list `rounds` times) runs while packets are being sent. They
	 * are spread over `count`, with packets between any two of them; if they take longer, sending
	 * continues until the last one is done. The result has each outcome as `ok` or `err`, and the
	 * number of packets sent when it began and ended.
	 */
	packet_send: operation(
		object({
			ifindex: Ifindex,
			frames: Type.Array(Bytes(65535), { minItems: 1, maxItems: 4096 }),
			count: optional(uint(1 << 20)),
			interval_us: optional(uint(1_000_000)),
			number_at: optional(uint(65535)),
			...During,
			...InNetns,
		}),
		object({ tried: U32, sent: U32, errno: Errno, during: optional(DoneDuring) }),
	),
	/**
	 * A packet socket that records a device's packets until `close`: incoming ones after XDP and
	 * before tc, and, unless `incoming`, outgoing ones after tc. `buffer`: bytes of kernel memory,
	 * 16 MiB by default.
	 */
	capture_open: operation(
		object({
			ifindex: Ifindex,
			buffer: optional(uint(256 << 20)),
			incoming: optional(Flag),
			...InNetns,
		}),
		NewHandle,
	),
	/**
	 * The packets (frames) of a capture, or payloads of a UDP socket, oldest first, until none
	 * arrives for `quiet_ms` (default 0). `time_ns` is of the guest's wall clock, 0 for sockets.
	 * `more` after 32 MiB; `lost` packets did not fit into the buffer.
	 */
	packets_read: operation(
		object({ handle: Handle, quiet_ms: Quiet }),
		object({
			packets: Type.Array(object({ data: Bytes(), time_ns: Size, outgoing: Flag })),
			more: Flag,
			lost: Size,
		}),
	),
	/**
	 * The same, but returns only which incoming packets with numbers below `expected` arrived. The
	 * number is the 32 bits in network order after `marker`. `others` have no such number.
	 */
	packets_account: operation(
		object({ handle: Handle, marker: Bytes(65536), expected: uint(1 << 20), quiet_ms: Quiet }),
		object({
			arrived: U32,
			repeated: U32,
			others: U32,
			missing: Type.Array(object({ first: U32, count: U32 })),
			lost: Size,
		}),
	),

	/**
	 * System calls on sockets, made in turn by a separate process in `cgroup` (a folder), each on
	 * the socket of a slot (`socket`, default 0; `into` is the new slot of accept(2)). `domain`,
	 * `type` and `protocol` are for socket(2), by default an IPv4 UDP socket. `address` (4 or 16
	 * bytes) and `port`, or `path`, are for bind, connect and sendmsg; `data` for sendmsg and
	 * setsockopt, its length for getsockopt. A call that blocks for `wait_ms` (default 1 s) gets
	 * EINTR. `time_ns` is CLOCK_MONOTONIC before the call, the clock of bpf_ktime_get_ns(). In the
	 * result `data` is of recvmsg and getsockopt, `address` and `port` of recvmsg, accept,
	 * getsockname and getpeername. `err`: joining the cgroup failed.
	 *
	 * With `count` the last step repeats at least `count` times; `steps` of the result are the
	 * others, and `times_ns` has the start of each of its calls and the end of the last. With
	 * `number_at` the call's number, from 0, is written there in its data: 32 bits in network
	 * order. Operations of `during` run meanwhile as in `packet_send`.
	 */
	socket_traffic: operation(
		object({
			cgroup: optional(Text),
			wait_ms: optional(uint(10_000, 1)),
			steps: Type.Array(
				object({
					call: SocketCall,
					socket: optional(uint(63)),
					into: optional(uint(63)),
					domain: optional(uint(0x7fffffff)),
					type: optional(uint(0x7fffffff)),
					protocol: optional(uint(0x7fffffff)),
					address: optional(Bytes(16)),
					port: optional(Port),
					path: optional(Text),
					data: optional(Bytes(2048)),
					level: optional(S32),
					option: optional(S32),
				}),
				{ maxItems: 4096 },
			),
			count: optional(uint(65536)),
			number_at: optional(uint(2048)),
			...During,
			...InNetns,
		}),
		object({
			steps: Type.Array(
				object({
					errno: Errno,
					time_ns: Size,
					data: Bytes(),
					address: optional(Bytes()),
					port: optional(U32),
				}),
			),
			during: optional(DoneDuring),
			times_ns: optional(Type.Array(Size)),
		}),
	),
};
