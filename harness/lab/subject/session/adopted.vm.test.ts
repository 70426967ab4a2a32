// SPDX-License-Identifier: Apache-2.0
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { commands, programTypes } from "../../../base/bpf.js";
import { openPackage } from "../../../data/package/package.js";
import { generateLoader, type Loader } from "../../../data/signing/loader/generate.js";
import { contextLayout } from "../../../data/signing/loader/harden.js";
import { suiteOf } from "../../../data/vectors/suite.js";
import { agentPath } from "../../../machine/guest/build.js";
import type { Args, Inventory, OperationName } from "../../../machine/guest/operations.js";
import { openKernel } from "../../../machine/kernel/store.js";
import type { Guest } from "../../../machine/vm/guest.js";
import { Machines } from "../../../machine/vm/machine.js";
import { guestPath } from "../load/open-args.js";
import { judge } from "./judgement.js";
import { VectorSession } from "./vector-session.js";

type Adopt = NonNullable<Args<"object_load">["adopt"]>;
type Bpf = Omit<Args<"bpf">, "cmd" | "attr">;

const folder = join(import.meta.dirname, "../../../../programs/tc-marker");

/** `union bpf_attr` with the given 32-bit words at their offsets. */
function attr(size: number, words: Record<number, number>): Uint8Array {
	const bytes = new Uint8Array(size);
	for (const [offset, word] of Object.entries(words))
		new DataView(bytes.buffer).setUint32(Number(offset), word, true);
	return bytes;
}

describe.each(["6.12", "7.3"])("adopting what a loader installed on %s", (id) => {
	let guest: Guest;
	let fresh: Inventory;

	beforeAll(async () => {
		guest = await new Machines({ agent: agentPath }).clone(await openKernel(id));
		for (const name of ["sch_ingress", "cls_bpf"]) await guest.client.call("module_load", { name });
		fresh = await guest.client.call("inventory", {});
	});
	afterAll(() => guest.dispose());

	async function bpf(command: string, attribute: Uint8Array, rest: Bpf) {
		const result = await guest.client.call("bpf", {
			cmd: commands.number(command)!,
			attr: attribute,
			...rest,
		});
		expect(result, command).toMatchObject({ errno: 0 });
		return result;
	}

	/**
	 * As a light skeleton does it. The context afterwards, with the numbers of descriptors in it.
	 */
	async function run({ insns, data, maps, programs }: Loader): Promise<DataView> {
		const map = (await bpf("map_create", attr(72, { 0: 2, 4: 4, 8: data.length, 12: 1 }), {})).fd!;
		const ofMap = [{ offset: 0, handle: map }];
		const element = [
			{ offset: 8, data: new Uint8Array(4) },
			{ offset: 16, data },
		];
		await bpf("map_update_elem", attr(32, {}), { handles: ofMap, blobs: element });
		const words = { 0: programTypes.number("syscall")!, 4: insns.length / 8, 44: 16 };
		const loader = await bpf("prog_load", attr(152, words), {
			blobs: [
				{ offset: 8, data: insns },
				{ offset: 16, data: Buffer.from("Dual BSD/GPL\0") },
				{ offset: 120, data: new Uint8Array(4) },
			],
			handles: [{ offset: 0, blob: 2, handle: map }],
		});
		const { header, map: perMap, program } = contextLayout;
		const size = header + perMap * maps.length + program * programs.length;
		const ran = await bpf("prog_test_run", attr(72, { 40: size }), {
			handles: [{ offset: 0, handle: loader.fd! }],
			blobs: [{ offset: 48, data: attr(size, { 0: size }), out: true }],
		});
		expect(new DataView(ran.attr.buffer, ran.attr.byteOffset).getInt32(4, true)).toBe(0);
		for (const handle of [map, loader.fd!]) await guest.client.call("close", { handle });
		const context = ran.blobs[0]!;
		return new DataView(context.buffer, context.byteOffset);
	}

	async function install(loader: Loader): Promise<Adopt> {
		const context = await run(loader);
		const { header, map, program } = contextLayout;
		const base = header + map * loader.maps.length;
		const fds = [
			...loader.maps.map((_, index) => context.getUint32(header + map * index, true)),
			...loader.programs.map((_, index) => context.getUint32(base + program * index, true)),
		];
		const { adopted } = await guest.client.call("fd_adopt", { fds });
		expect(adopted.map(({ fd }) => fd)).toEqual(fds);
		return [
			...loader.maps.map((name, index) => ({ map: name, handle: adopted[index]!.handle })),
			...loader.programs.map((name, index) => ({
				program: name,
				handle: adopted[loader.maps.length + index]!.handle,
			})),
		];
	}

	/** Ids that the next program and map get: they count up, whatever was there meanwhile. */
	async function nextIds(): Promise<number[]> {
		const words = { 0: 1, 4: 2 };
		const exit = Uint8Array.of(0xb7, 0, 0, 0, 0, 0, 0, 0, 0x95, 0, 0, 0, 0, 0, 0, 0);
		const blobs = [
			{ offset: 8, data: exit },
			{ offset: 16, data: Buffer.from("GPL\0") },
		];
		const made = [
			(await bpf("prog_load", attr(48, words), { blobs })).fd!,
			(await bpf("map_create", attr(20, { 0: 2, 4: 4, 8: 4, 12: 1 }), {})).fd!,
		];
		const { programs, maps } = await guest.client.call("inventory", {});
		for (const handle of made) await guest.client.call("close", { handle });
		return [programs, maps].map((items) => Math.max(...items.map((item) => item.id)) + 1);
	}

	const counts = ({ programs, maps, btfs }: Inventory) =>
		[programs, maps, btfs].map((items) => items.map((item) => item.id).sort((a, b) => a - b));

	/** A guest whose every object is the one that was installed. */
	function adopting(adopt: Adopt): Guest {
		const call = <N extends OperationName>(op: N, args: Args<N>) =>
			guest.client.call(op, op === "object_load" ? { ...args, adopt } : args);
		return { ...guest, client: Object.assign(Object.create(guest.client), { call }) };
	}

	it("gives the object the installed programs and maps: same vectors, nothing created", async () => {
		const { vectors } = suiteOf(await openPackage(folder));
		const { subject } = vectors[0]!;
		const outcomes = async (session: VectorSession) => {
			const runs = await session.runAll(vectors);
			expect(runs.some(({ spoilt }) => spoilt)).toBe(false);
			return vectors.map((vector, index) => judge(vector, runs[index]!));
		};
		const ordinary = await VectorSession.open(guest, subject, [subject.program.name]);
		const expected = await outcomes(ordinary);
		expect(expected.filter(({ mismatches }) => mismatches.length === 0).length).toBeGreaterThan(5);
		await ordinary.close();

		const adopt = await install(await generateLoader(subject.object, "insns-maps"));
		const installed = counts(await guest.client.call("inventory", { settle: true }));
		expect(installed[0]!.length).toBe(adopt.filter((each) => each.program !== undefined).length);
		const [program, map] = await nextIds();
		const session = await VectorSession.open(adopting(adopt), subject, [subject.program.name]);
		expect(await nextIds()).toEqual([program! + 1, map! + 1]);
		expect(session.loaded.refused).toEqual(new Map());
		expect(counts(await guest.client.call("inventory", { settle: true }))).toEqual(installed);
		expect(await outcomes(session)).toEqual(expected);

		const { link } = await guest.client.call("attach", {
			object: session.loaded.handle!,
			program: subject.program.name,
			hook: "tc_ingress",
			ifindex: 1,
		});
		await guest.client.call("detach", { link });
		await session.close();
		for (const { handle } of adopt) await guest.client.call("close", { handle });
		expect(await guest.client.call("inventory", { settle: true })).toEqual(fresh);
	});

	it("is refused when something else is adopted, or something is missing", async () => {
		const { object } = suiteOf(await openPackage(folder)).vectors[0]!.subject;
		const adopt = await install(await generateLoader(object, "insns-maps"));
		const path = guestPath(object);
		await guest.client.call("file_write", { path, data: object.loadable });
		const load = async (given: Adopt) => {
			const opened = await guest.client.call("object_open", { path });
			try {
				const args = { object: opened.object, log_level: 0, log_bytes: 0, adopt: given };
				return await guest.client.call("object_load", args);
			} finally {
				await guest.client.call("object_close", { object: opened.object });
			}
		};
		const [map, ...others] = adopt;
		const program = adopt.find((each) => each.program !== undefined)!;
		const failure = (errnoName: string) => expect.objectContaining({ errnoName });
		await expect(load(others)).rejects.toEqual(failure("ENOENT"));
		await expect(load([{ ...map!, handle: program.handle }])).rejects.toEqual(failure("EBADF"));
		await expect(load([{ map: "nope", handle: map!.handle }])).rejects.toEqual(failure("ENOENT"));
		const queue = (await bpf("map_create", attr(72, { 0: 22, 8: 4, 12: 1 }), {})).fd!;
		await expect(load([{ ...map!, handle: queue }])).rejects.toEqual(failure("EINVAL"));
		expect(await load(adopt.filter((each) => each.map !== undefined))).toMatchObject({ errno: 2 });
		for (const handle of [queue, ...adopt.map((each) => each.handle)])
			await guest.client.call("close", { handle });
		await guest.client.call("file_remove", { path });
		expect(await guest.client.call("inventory", { settle: true })).toEqual(fresh);
	});

	it("takes the installed map, not one pinned under its name, and pins nothing", async () => {
		const shipped = await openPackage(join(folder, "../xdp-tools"));
		const object = shipped.objects.find(({ file }) => file === "xdpfilt_alw_udp.o")!;
		const path = guestPath(object);
		await guest.client.call("file_write", { path, data: object.loadable });
		const load = async (adopt?: Adopt) => {
			const opened = await guest.client.call("object_open", { path });
			const args = { object: opened.object, log_level: 0, log_bytes: 0, ...(adopt ? { adopt } : {}) };
			const loaded = await guest.client.call("object_load", args);
			expect(loaded.errno).toBe(0);
			return { object: opened.object, ids: loaded.maps.map((map) => map.id) };
		};
		const pinned = await load();
		const { pins } = await guest.client.call("inventory", {});
		expect(pins.length).toBeGreaterThan(fresh.pins.length);
		const adopt = await install(await generateLoader(object, "insns-maps"));
		const adopted = await load(adopt);
		expect(adopted.ids.filter((each) => pinned.ids.includes(each))).toEqual([]);
		await guest.client.call("object_close", { object: pinned.object });
		expect((await guest.client.call("inventory", {})).pins).toEqual(fresh.pins);
		await guest.client.call("object_close", { object: adopted.object });
		for (const { handle } of adopt) await guest.client.call("close", { handle });
		await guest.client.call("file_remove", { path });
		expect(await guest.client.call("inventory", { settle: true })).toEqual(fresh);
	});

	it("refuses guessed file descriptors, and leaves nothing when the loader failed", async () => {
		const { object } = suiteOf(await openPackage(folder)).vectors[0]!.subject;
		const guessed = guest.client.call("fd_adopt", { fds: [0] });
		await expect(guessed).rejects.toMatchObject({ errnoName: "EBADF" });
		await run(await generateLoader(object, "insns-maps"));
		const { adopted } = await guest.client.call("fd_adopt", {});
		expect(new Set(adopted.map(({ kind }) => kind))).toContain("program");
		for (const { handle } of adopted) await guest.client.call("close", { handle });
		expect((await guest.client.call("fd_adopt", {})).adopted).toEqual([]);
		expect(await guest.client.call("inventory", { settle: true })).toEqual(fresh);
	});
});
