// SPDX-License-Identifier: Apache-2.0
import { Type } from "@sinclair/typebox";
import { Bytes } from "../../../base/validate.js";
import * as t from "./schema.js";

const Port = t.uint(0xffff);
const DeviceName = Type.String({ minLength: 1, maxLength: 15 });
const Quiet = t.optional(t.uint(10_000));
const SocketCall = t.oneOf(
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

export const networkOperations = {
	/** A network namespace, until `close` and its last socket and process. `path`: setns(2). */
	netns_add: t.operation(t.Empty, t.object({ netns: t.Handle, path: t.Text })),
	/**
	 * A device, and its peer in `peer_netns`. `address` and `peer_address` are Ethernet addresses
	 * (6 bytes); a netkit device has none and takes IP packets, unless `ethernet` (NETKIT_L2).
	 */
	netdev_add: t.operation(
		t.object({
			kind: Type.String({ maxLength: 32, description: "rtnetlink kind: veth, dummy, netkit" }),
			name: DeviceName,
			peer: t.optional(DeviceName),
			up: t.optional(t.Flag),
			address: t.optional(Bytes(6)),
			peer_address: t.optional(Bytes(6)),
			peer_netns: t.optional(t.Handle),
			ethernet: t.optional(t.Flag),
			...t.InNetns,
		}),
		t.object({ ifindex: t.U32, peer_ifindex: t.optional(t.U32) }),
	),
	netdev_del: t.operation(t.object({ name: DeviceName, ...t.InNetns }), t.Empty),

	/**
	 * One request to NETLINK_ROUTE, which the kernel acknowledges (rtnetlink(7)): `body` is what
	 * follows struct nlmsghdr, `flags` are added to NLM_F_REQUEST and NLM_F_ACK. File descriptors
	 * that `handles` name are written at their offsets in it. The errno is the kernel's answer.
	 */
	rtnetlink: t.operation(
		t.object({
			type: t.uint(0xffff),
			flags: t.optional(t.uint(0xffff)),
			body: Bytes(2048),
			handles: t.optional(
				Type.Array(
					t.object({
						offset: t.U32,
						handle: t.Handle,
						program: t.optional(t.Text),
						map: t.optional(t.Text),
					}),
				),
			),
			...t.InNetns,
		}),
		t.object({ errno: t.Errno }),
	),

	/**
	 * A listening TCP or a bound UDP socket; the length of `address` (4 or 16 bytes, network order)
	 * gives its family. The guest need not have the address (IP_FREEBIND). `receive_buffer` in
	 * bytes. `cookie` is SO_COOKIE, the socket's name in program contexts. It stays open until
	 * `close`; `packets_read` reads from it. Errors: that of socket(2), bind(2) or listen(2).
	 */
	socket_open: t.operation(
		t.object({
			protocol: t.oneOf("tcp", "udp"),
			address: Bytes(16),
			port: Port,
			receive_buffer: t.optional(t.uint(256 << 20)),
			...t.InNetns,
		}),
		t.object({ handle: t.Handle, cookie: t.Size }),
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
	packet_send: t.operation(
		t.object({
			ifindex: t.Ifindex,
			frames: Type.Array(Bytes(65535), { minItems: 1, maxItems: 4096 }),
			count: t.optional(t.uint(1 << 20)),
			interval_us: t.optional(t.uint(1_000_000)),
			number_at: t.optional(t.uint(65535)),
			...t.During,
			...t.InNetns,
		}),
		t.object({ tried: t.U32, sent: t.U32, errno: t.Errno, during: t.optional(t.DoneDuring) }),
	),
	/**
	 * A packet socket that records a device's packets until `close`: incoming ones after XDP and
	 * before tc, and, unless `incoming`, outgoing ones after tc. `buffer`: bytes of kernel memory,
	 * 16 MiB by default.
	 */
	capture_open: t.operation(
		t.object({
			ifindex: t.Ifindex,
			buffer: t.optional(t.uint(256 << 20)),
			incoming: t.optional(t.Flag),
			...t.InNetns,
		}),
		t.NewHandle,
	),
	/**
	 * The packets (frames) of a capture, or payloads of a UDP socket, oldest first, until none
	 * arrives for `quiet_ms` (default 0). `time_ns` is of the guest's wall clock, 0 for sockets.
	 * `more` after 32 MiB; `lost` packets did not fit into the buffer.
	 */
	packets_read: t.operation(
		t.object({ handle: t.Handle, quiet_ms: Quiet }),
		t.object({
			packets: Type.Array(t.object({ data: Bytes(), time_ns: t.Size, outgoing: t.Flag })),
			more: t.Flag,
			lost: t.Size,
		}),
	),
	/**
	 * The same, but returns only which incoming packets with numbers below `expected` arrived. The
	 * number is the 32 bits in network order after `marker`. `others` have no such number.
	 */
	packets_account: t.operation(
		t.object({ handle: t.Handle, marker: Bytes(65536), expected: t.uint(1 << 20), quiet_ms: Quiet }),
		t.object({
			arrived: t.U32,
			repeated: t.U32,
			others: t.U32,
			missing: Type.Array(t.object({ first: t.U32, count: t.U32 })),
			lost: t.Size,
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
	socket_traffic: t.operation(
		t.object({
			cgroup: t.optional(t.Text),
			wait_ms: t.optional(t.uint(10_000, 1)),
			steps: Type.Array(
				t.object({
					call: SocketCall,
					socket: t.optional(t.uint(63)),
					into: t.optional(t.uint(63)),
					domain: t.optional(t.uint(0x7fffffff)),
					type: t.optional(t.uint(0x7fffffff)),
					protocol: t.optional(t.uint(0x7fffffff)),
					address: t.optional(Bytes(16)),
					port: t.optional(Port),
					path: t.optional(t.Text),
					data: t.optional(Bytes(2048)),
					level: t.optional(t.S32),
					option: t.optional(t.S32),
				}),
				{ maxItems: 4096 },
			),
			count: t.optional(t.uint(65536)),
			number_at: t.optional(t.uint(2048)),
			...t.During,
			...t.InNetns,
		}),
		t.object({
			steps: Type.Array(
				t.object({
					errno: t.Errno,
					time_ns: t.Size,
					data: Bytes(),
					address: t.optional(Bytes()),
					port: t.optional(t.U32),
				}),
			),
			during: t.optional(t.DoneDuring),
			times_ns: t.optional(Type.Array(t.Size)),
		}),
	),
};
