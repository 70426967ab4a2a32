// SPDX-License-Identifier: Apache-2.0
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { numberAt, numberedFrame } from "../../machine/guest/agent/testframe.js";
import { compileBpf } from "../../machine/guest/agent/testobject.js";
import { agentPath } from "../../machine/guest/build.js";
import type { GuestClient } from "../../machine/guest/client.js";
import { openKernel } from "../../machine/kernel/store.js";
import type { Guest } from "../../machine/vm/guest.js";
import { Machines } from "../../machine/vm/machine.js";
import { arrivedRuns } from "./arrival.js";
import { attachFlags, HookList, linkUpdate, slotUpdate } from "./hook-list.js";
import { byPacket, marker, OrderRecorder } from "./order-recorder.js";

const machines = new Machines({ agent: agentPath });
const frame = numberedFrame(marker);
const ESTALE = 116;

describe.each([
	{ id: "5.10", tcx: false },
	{ id: "6.12", tcx: true },
	{ id: "7.3", tcx: true },
])("executed order on $id", ({ id, tcx }) => {
	let guest: Guest;
	let client: GuestClient;
	let object: number;
	let netns: number;
	let ifindex: number;
	let peer: number;

	beforeAll(async () => {
		const [data, kernel] = [await compileBpf("testdata/testchain.bpf.c"), await openKernel(id)];
		guest = await machines.clone(kernel);
		client = guest.client;
		for (const name of ["veth", "sch_ingress", "cls_bpf"]) await client.call("module_load", { name });
		await client.call("file_write", { path: "/run/chain.o", data });
		({ object } = await client.call("object_open", { path: "/run/chain.o" }));
		const loaded = await client.call("object_load", { object, log_level: 0, log_bytes: 4096 });
		expect(loaded.errno, loaded.log).toBe(0);
		({ netns } = await client.call("netns_add", {}));
		const made = await client.call("netdev_add", {
			...{ kind: "veth", name: "out", peer: "in", peer_netns: netns, up: true },
		});
		[ifindex, peer] = [made.ifindex, made.peer_ifindex!];
	});

	afterAll(() => guest.dispose());

	const held = (program: string) => ({ handle: object, program });

	/** In the last `send`. */
	let sent = 0;

	async function send(count: number) {
		sent = count;
		await client.call("packet_send", { ifindex, frames: [frame], count, number_at: numberAt });
	}

	async function arrived(recorder: OrderRecorder, count: number) {
		return byPacket(
			await arrivedRuns(recorder, await recorder.read(), (all) => byPacket(all).size === count),
		);
	}

	/** Of each packet: the members that it met, with what they returned. */
	async function met(recorder: OrderRecorder) {
		return [...(await arrived(recorder, sent))].map(([packet, runs]) => [
			packet,
			runs.map(({ member, retval }) => (retval === undefined ? member : [member, retval])),
		]);
	}

	it("of tc filters is the order of their prefs", async () => {
		const recorder = await OrderRecorder.open(guest);
		for (const [index, program] of ["first", "second", "stop"].entries())
			await recorder.member(index + 1, { object, program }, "skb");
		const at = { object, hook: "tc_ingress", ifindex: peer, netns };
		const chain = async (...programs: string[]) => {
			const links = [];
			for (const [index, program] of programs.entries())
				links.push((await client.call("attach", { ...at, program, priority: 10 * (index + 1) })).link);
			await send(2);
			const order = await met(recorder);
			for (const link of links) await client.call("detach", { link });
			return order;
		};
		const whole = [
			[1, -1],
			[2, -1],
			[3, 2],
		];
		expect(await chain("first", "second", "stop")).toEqual([
			[0, whole],
			[1, whole],
		]);
		expect(await chain("second", "stop", "first")).toEqual([
			[0, [whole[1], whole[2]]],
			[1, [whole[1], whole[2]]],
		]);
		// Of one pref the latest comes first, whatever the handles.
		const links = [];
		for (const [program, filter_handle] of [
			["first", 1],
			["second", 2],
		] as const)
			links.push((await client.call("attach", { ...at, program, priority: 10, filter_handle })).link);
		const { filters } = await client.call("tc_filters", { ifindex: peer, netns });
		expect(filters.map(({ name }) => name?.split(":")[0])).toEqual(["second", "first"]);
		await send(1);
		expect(await met(recorder)).toEqual([[0, [whole[1], whole[0]]]]);
		for (const link of links) await client.call("detach", { link });
		await recorder.close();
	});

	it("of tail calls is the order of the slots", async () => {
		const recorder = await OrderRecorder.open(guest);
		await recorder.member(0, { object, program: "root" }, "xdp");
		const slots = [
			await recorder.slot(1, "xdp", held("link_one")),
			await recorder.slot(2, "xdp", held("link_two")),
			await recorder.slot(3, "xdp", held("pass")),
		];
		const array = { handle: object, map: "members" };
		const put = async (index: number, slot: (typeof slots)[number]) =>
			expect((await client.call("bpf", slotUpdate(guest, array, index, slot))).errno).toBe(0);
		for (const [index, slot] of slots.entries()) await put(index, slot);
		const at = { object, program: "root", hook: "xdp", ifindex: peer, netns };
		const { link } = await client.call("attach", at);
		await send(1);
		expect(await met(recorder)).toEqual([[0, [1, 2, 3, [0, 2]]]]);
		await put(1, slots[2]!);
		await send(1);
		expect(await met(recorder)).toEqual([[0, [1, 3, [0, 2]]]]);
		await client.call("detach", { link });
		await recorder.close();
	});

	if (!tcx) {
		it("cannot be recorded for tcx, which this kernel lacks", async () => {
			const list = new HookList(guest, { attachType: "tcx_ingress", target: peer, netns });
			expect(await list.createLink(held("first"))).toEqual({ errno: 22 });
		});
		return;
	}

	describe("of tcx", () => {
		it("is the order of the kernel's list, and the reverse when attached in reverse", async () => {
			const recorder = await OrderRecorder.open(guest);
			const names = ["first", "second", "third"];
			for (const [index, program] of names.entries())
				await recorder.member(index + 1, { object, program }, "skb");
			const list = new HookList(guest, { attachType: "tcx_ingress", target: peer, netns });
			const build = async (flags: number) => {
				const links = [];
				for (const program of names) links.push((await list.createLink(held(program), { flags })).link!);
				const { listed, revision } = await list.query();
				await send(2);
				return { links, listed: listed.map(({ program }) => program), revision, order: await met(recorder) };
			};
			const takeApart = async (links: number[]) => {
				for (const handle of links) await client.call("close", { handle });
			};
			const [one, two, three] = [1, 2, 3].map((member) => [member, -1]);
			const forwards = await build(attachFlags.after);
			expect(forwards.order).toEqual([
				[0, [one, two, three]],
				[1, [one, two, three]],
			]);
			const stale = { revision: forwards.revision - 1n };
			expect((await list.createLink(held("stop"), stale)).errno).toBe(ESTALE);
			await takeApart(forwards.links);
			const backwards = await build(attachFlags.before);
			expect(backwards.order).toEqual([
				[0, [three, two, one]],
				[1, [three, two, one]],
			]);
			expect(backwards.listed).toEqual(forwards.listed.toReversed());
			await takeApart(backwards.links);

			// By programs without links, relative to one another.
			expect(await list.attach(held("first"))).toBe(0);
			const relative = held("first");
			expect(await list.attach(held("second"), { flags: attachFlags.before, relative })).toBe(0);
			await send(1);
			expect(await met(recorder)).toEqual([[0, [two, one]]]);
			const replacing = { flags: attachFlags.replace, replaced: held("second") };
			expect(await list.attach(held("third"), replacing)).toBe(0);
			await send(1);
			expect(await met(recorder)).toEqual([[0, [three, one]]]);
			for (const program of ["third", "first"]) expect(await list.detach(held(program))).toBe(0);
			expect((await list.query()).listed).toEqual([]);
			await recorder.close();
		});

		it("shows one member for every packet while a link is updated", async () => {
			const recorder = await OrderRecorder.open(guest, 4 << 20);
			for (const [index, program] of ["first", "second"].entries())
				await recorder.member(index + 1, { object, program }, "skb");
			const list = new HookList(guest, { attachType: "tcx_ingress", target: peer, netns });
			const { link } = await list.createLink(held("first"));
			const during = ["second", "first"].map((program) => ({
				op: "bpf",
				args: linkUpdate(guest, { handle: link! }, held(program)),
			}));
			const sent = await client.call("packet_send", {
				...{ ifindex, frames: [frame], count: 10_000, number_at: numberAt, during, rounds: 50 },
			});
			expect(sent.during!.every(({ ok }) => (ok as { errno: number }).errno === 0)).toBe(true);
			const packets = await arrived(recorder, sent.tried);
			expect(packets.size).toBe(sent.tried);
			expect([...packets.values()].every((runs) => runs.length === 1)).toBe(true);
			const members = new Set([...packets.values()].map(([run]) => run!.member));
			expect(members).toEqual(new Set([1, 2]));
			await client.call("close", { handle: link! });
			await recorder.close();
		});
	});
});
