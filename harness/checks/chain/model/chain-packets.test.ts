// SPDX-License-Identifier: Apache-2.0
import { describe, expect, it } from "vitest";
import { openPackage } from "../../../data/package/package.js";
import type { Chain, ChainPacket as WrittenPacket } from "../../../data/package/sections/chain.js";
import { chainObject } from "../../../data/package/sections/testchain.js";
import { temporaryFolder } from "../../../data/package/testpackage.js";
import { build } from "../../../data/packet/build.js";
import { locate } from "../../../data/packet/dissect.js";
import { marker, numberWindow } from "../../../data/packet/numbered.js";
import { wrongChecksums } from "../../../data/packet/verify.js";
import { chainPackets } from "./chain-packets.js";
import { declaredChain } from "./declared-chain.js";

async function pkg(name: string, objects: Record<string, Uint8Array>) {
	await using folder = await temporaryFolder({
		...objects,
		"bpfgate.json": JSON.stringify({ name, version: "1", objects: Object.keys(objects) }),
	});
	return await openPackage(folder.path);
}

const xdp = await pkg("wall", { "x.o": chainObject(["filter", "count"]) });
const meter = await pkg("meter", { "m.o": chainObject(["count", "mark"]) });
const tc = await pkg("shaper", { "t.o": chainObject(["a", "b"], "tc") });
const cgroup = await pkg("guard", { "c.o": chainObject(["c4"], "cgroup/connect4") });

function packets(chain: Partial<Chain>, written?: WrittenPacket[]) {
	const owner = chain.hook === undefined ? xdp : chain.hook.startsWith("cgroup") ? cgroup : tc;
	const program = owner === xdp ? "filter" : owner === cgroup ? "c4" : "a";
	const source = {
		file: "chain.json",
		pointer: "/chains/0",
		owner,
		chain: {
			...{ name: "c", hook: "xdp" as const, members: [{ program }] },
			...chain,
			...(written ? { packets: written } : {}),
		},
	};
	return chainPackets(declaredChain(source, [xdp, meter, tc, cgroup], new Set()));
}
const numbers = (list: ReturnType<typeof packets>) =>
	list.map(({ frame, numberAt }) => Buffer.from(frame).readUInt32BE(numberAt));

describe("bpfgate's own packets", () => {
	it("are one of each kind, valid and numbered", () => {
		const sent = packets({});
		const layers = sent.map(({ frame }) =>
			locate(frame)
				.map(({ name }) => name)
				.join(" "),
		);
		expect(layers).toEqual([
			"eth ipv4 udp",
			"eth ipv4 tcp",
			"eth ipv4 icmp",
			"eth ipv6 udp",
			"eth ipv6 tcp",
			"eth arp payload",
			"eth payload",
		]);
		for (const { frame, numberAt, what } of sent) {
			expect(wrongChecksums(locate(frame), frame).size, what).toBe(0);
			expect(frame.subarray(numberAt - 4, numberAt), what).toEqual(Uint8Array.from(marker));
			expect(numberAt + 4).toBeLessThanOrEqual(numberWindow);
		}
		expect(numbers(sent)).toEqual([0, 1, 2, 3, 4, 5, 6]);
		expect(new Set(sent.map(({ what }) => what)).size).toBe(7);
	});

	it("are the same on netkit, whose packets have an Ethernet header in both modes", () => {
		expect(packets({ hook: "netkit_peer" })).toEqual(packets({}));
	});

	it("do not exist for sockets", () => {
		expect(() => packets({ hook: "cgroup_connect4" })).toThrow(
			"packets cannot be sent through cgroup_connect4",
		);
	});
});

describe("packets of the chain's own", () => {
	const layers = [{ eth: {} }, { ipv4: {} }, { udp: {} }];
	const members = [
		{ program: "filter" },
		{ program: "count" },
		{ program: { package: "meter", program: "count" } },
		{ program: { package: "meter", program: "mark" } },
	];

	it("are sent as written, numbered by position", () => {
		const [first, second] = packets({}, [
			{ packet: { layers } },
			{ name: "junk", packet: { hex: "00 11 22 33 44 55 66 77 88 99 aa bb cc dd ee" } },
		]);
		expect(first).toMatchObject({ what: "packet 1 of the chain", numberAt: 14 + 20 + 8 + 4 });
		expect(first!.frame.subarray(0, 42)).toEqual(build(layers));
		expect(first).not.toHaveProperty("meets");
		expect(second!.what).toBe('the packet "junk"');
		expect(numbers([second!])).toEqual([1]);
	});

	it("name members by label, or by a unique program name", () => {
		const meets = [
			"wall/filter",
			{ program: { program: "count" }, verdict: "XDP_PASS" },
			{ program: { package: "meter", program: "count" } },
			{ program: "mark", verdict: "XDP_DROP" },
		];
		const [only] = packets({ members }, [{ packet: { layers }, meets }]);
		expect(only!.meets).toEqual([
			{ member: "wall/filter" },
			{ member: "wall/count", verdict: "XDP_PASS" },
			{ member: "meter/count" },
			{ member: "meter/mark", verdict: "XDP_DROP" },
		]);
	});

	it("name verdicts as the hook does", () => {
		const meets = [{ program: "a", verdict: "TC_ACT_UNSPEC" }];
		const [only] = packets({ hook: "tcx_egress" }, [{ packet: { layers }, meets }]);
		expect(only!.meets).toEqual([{ member: "a", verdict: "TCX_NEXT" }]);
	});

	type Met = NonNullable<WrittenPacket["meets"]>;
	it.each<[string, Met, string]>([
		[
			"a member that is not there",
			["wall/filter", "wall"],
			'/meets/1: "wall" is not a member of the chain; expected one of wall/filter, wall/count, meter/count, meter/mark',
		],
		["one of two", ["count"], '/meets/0: "count" is ambiguous: wall/count, meter/count'],
		[
			"another package's",
			[{ program: { package: "wall", program: "mark" } }],
			'/meets/0: "mark" is not a member of the chain',
		],
		[
			"one twice",
			["filter", "mark", "wall/filter"],
			"/meets/2: wall/filter is already /chains/0/packets/0/meets/0",
		],
		[
			"a verdict of others",
			[{ program: "filter", verdict: "TC_ACT_OK" }],
			"/meets/0/verdict: TC_ACT_OK is not a verdict of xdp; expected one of XDP_ABORTED, XDP_DROP, XDP_PASS",
		],
	])("refuses %s", (_, meets, message) => {
		expect(() => packets({ members }, [{ packet: { layers }, meets }])).toThrow(
			`chain.json: /chains/0/packets/0${message}`,
		);
	});
});
