// SPDX-License-Identifier: Apache-2.0
import { describe, expect, it } from "vitest";
import { retvalName, retvalNames, retvalNumber } from "../../base/retval.js";
import { contextStruct, decodeContext, encodeContext } from "./context.js";

const place = { file: "v.yaml", pointer: "/context" };

function struct(type: string) {
	const found = contextStruct(type);
	if (!found) throw new Error(type);
	return found;
}

describe("a context", () => {
	it.each([
		["sched_cls", { mark: 7, cb: [1, 2, 0, 0, 5], tstamp: "18446744073709551615", gso_size: 1400 }],
		["xdp", { ingress_ifindex: 1, rx_queue_index: 2 }],
		[
			"sk_lookup",
			{
				family: 10,
				protocol: 6,
				remote_port: 40000,
				local_port: 443,
				local_ip6: "2001:db8::1",
				local_ip4: "192.0.2.1",
			},
		],
		["flow_dissector", { nhoff: 14, thoff: 34, n_proto: 0x0800, sport: 1, dport: 443, ip_proto: 17 }],
		["netfilter", { hook: 1, pf: 2 }],
		["raw_tracepoint", { args: [1, 2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0] }],
	])("of a program of type %s is read as it was written", (type, values) => {
		expect(decodeContext(struct(type), encodeContext(struct(type), values, place))).toMatchObject(values);
	});

	it("has fields where the kernel has them", () => {
		const bytes = encodeContext(
			struct("sk_lookup"),
			{ remote_port: 0x1234, local_port: 0x1234, cookie: 1 },
			place,
		);
		expect([...bytes.subarray(36, 38), ...bytes.subarray(60, 62), bytes[0], bytes.length]).toEqual([
			0x12, 0x34, 0x34, 0x12, 1, 72,
		]);
		expect(encodeContext(struct("sched_cls"), {}, place)).toHaveLength(192);
		expect(decodeContext(struct("sched_cls"), Uint8Array.of(5, 0, 0, 0))).toMatchObject({
			len: 5,
			hwtstamp: 0,
		});
	});

	it.each([
		[{ mark: -1 }, "v.yaml: /context/mark: -1 does not fit into 32 bits"],
		[{ mark: "x" }, 'v.yaml: /context/mark: "x" is not an integer'],
		[{ cb: 1 }, "v.yaml: /context/cb: must be a list of up to 5"],
		[{ cb: [1, 2, 3, 4, 5, 6] }, "v.yaml: /context/cb: must be a list of up to 5"],
		[{ cb: [1, 2 ** 32] }, "v.yaml: /context/cb/1: 4294967296 does not fit into 32 bits"],
		[{ local_ip4: "::1" }, 'v.yaml: /context/local_ip4: "::1" is not an IPv4 address'],
		[{ marc: 1 }, 'v.yaml: /context: struct __sk_buff has no field "marc"; it has len, pkt_type, mark'],
	])("is not %j", (values, message) => {
		expect(() => encodeContext(struct("sched_cls"), values, place)).toThrow(message);
	});
});

it("return values have the names of their type", () => {
	expect(retvalNumber("xdp", "XDP_TX")).toBe(3);
	expect(retvalNumber("sched_cls", "TC_ACT_UNSPEC")).toBe(0xffffffff);
	expect(retvalNumber("sched_cls", -1)).toBe(0xffffffff);
	expect(retvalNumber("xdp", "TC_ACT_OK")).toBeUndefined();
	expect(retvalNumber("xdp", "toString")).toBeUndefined();
	expect(retvalName("sched_cls", 0xffffffff)).toBe("TC_ACT_UNSPEC");
	expect(retvalName("xdp", 77)).toBe("77");
	expect(retvalName("syscall", 0xffffffff)).toBe("-1");
	expect(retvalNames("sk_lookup")).toEqual(["SK_DROP", "SK_PASS"]);
	expect(retvalNames("socket_filter")).toEqual([]);
});
