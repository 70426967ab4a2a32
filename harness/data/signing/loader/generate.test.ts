// SPDX-License-Identifier: Apache-2.0
import { createHash } from "node:crypto";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { assemble, disassemble, insn, insnClass, op, pseudo } from "../../../base/insn.js";
import { openPackage, type PackageObject } from "../../package/package.js";
import { contracts } from "../contract.js";
import { generateLoader, generateLoaders, signedCpus } from "./generate.js";
import { contextLayout, withoutOverrides } from "./harden.js";
import { countedPrograms, maxPrograms, withRoomFor } from "./stack.js";

const programs = fileURLToPath(new URL("../../../../programs/", import.meta.url));

async function objectOf(name: string, change: Partial<PackageObject> = {}): Promise<PackageObject> {
	const pkg = await openPackage(programs + name);
	return { ...pkg.objects[0]!, ...change };
}

describe("a loader", () => {
	it("is the same every time, and for each contract its own", async () => {
		const object = await objectOf("xdp-filter");
		const loaders = await generateLoaders(object, contracts);
		expect(await generateLoaders(object, contracts)).toEqual(loaders);
		const [insns, excl, maps] = loaders;
		expect(loaders.map(({ contract }) => contract)).toEqual(contracts);
		expect(insns!.programs).toEqual(["xdp_filter"]);
		expect(insns!.maps).toEqual(["blocked4", "blocked6", "blocked_ports", "counters", "xdp_filt.rodata"]);
		for (const { insns, exclProgHash, data } of loaders) {
			expect(exclProgHash).toBe(createHash("sha256").update(insns).digest("hex"));
			expect(data).toEqual(maps!.data);
		}
		const hash = createHash("sha256").update(insns!.data).digest();
		const constants = [...disassemble(insns!.insns)].filter(
			({ code, source }) => code === op.ldImm64 && source === 0,
		);
		const words = constants.map(({ at }) => {
			const bytes = Buffer.from(insns!.insns);
			return Buffer.concat([bytes.subarray(at + 4, at + 8), bytes.subarray(at + 12, at + 16)]);
		});
		expect(Buffer.concat(words)).toEqual(hash);
		expect(excl!.insns.subarray(48)).toEqual(insns!.insns);
		expect([...disassemble(excl!.insns)][0]).toMatchObject({ code: op.ldImm64, source: pseudo.mapIndex });
		expect(maps!.insns.length).toBeLessThan(insns!.insns.length);
	});

	it("that takes too long to make is not the object's fault for sure", async () => {
		const object = await objectOf("xdp-filter");
		await expect(generateLoaders(object, contracts, 1)).rejects.toMatchObject({
			name: "UndecidedError",
			code: "loader-timeout",
			message: "xdp-filter.bpf.o: libbpf did not generate its loader within 0.001 s",
		});
	});

	it("reads of its context only flags and where to log", async () => {
		for (const contract of contracts) {
			const { insns } = await generateLoader(await objectOf("every-hook"), contract);
			const reads = [...disassemble(insns)].filter(
				({ code, source }) => (code & 7) === insnClass.ldx && source === 6,
			);
			expect(reads.length).toBeGreaterThan(0);
			for (const { offset } of reads) expect(offset).toBeLessThan(contextLayout.header);
		}
	});

	it("has what the manifest says: sizes, constants, programs left out", async () => {
		const object = await objectOf("xdp-filter");
		const plain = await generateLoader(object, "insns-maps");
		const settings = { ...object.settings, maps: { blocked4: { max_entries: 77 } } };
		expect((await generateLoader({ ...object, settings }, "insns-maps")).data).not.toEqual(plain.data);
		const latency = await objectOf("read-latency");
		const whole = await generateLoader(latency, "insns-maps");
		expect(Buffer.from(whole.data).includes(Buffer.from(Uint32Array.of(signedCpus).buffer))).toBe(true);
		const without = { ...latency.settings, programs: { read_exit: { autoload: false } } };
		const { programs } = await generateLoader({ ...latency, settings: without }, "insns-maps");
		expect(programs).toEqual(["read_enter"]);
	});

	it("has room for more programs than libbpf gives it", async () => {
		const object = await objectOf("every-hook");
		const { insns, programs } = await generateLoader(object, "insns-maps");
		expect(programs.length).toBeGreaterThan(32);
		const stack = [...disassemble(insns)].filter(
			({ code, source, target }) =>
				(code === op.ldxW && source === 10) || (code === op.stxW && target === 10),
		);
		for (const { offset } of stack) {
			expect(offset).toBeLessThanOrEqual(-4);
			expect(offset).toBeGreaterThanOrEqual(-(2 + countedPrograms(insns, 0)) * 4);
		}
	});

	it("of an unknown shape is not taken for safe", async () => {
		const odd = assemble([insn(op.ldxDw, { target: 1, source: 6, offset: 40 })]);
		expect(() => withoutOverrides(odd, 1)).toThrow("reads its context at 40");
		expect(() => withoutOverrides(new Uint8Array(8), 1)).toThrow("sizes 0 of 1 maps");
		expect(() => countedPrograms(odd, 0)).toThrow("does not begin as libbpf's do");
		expect(() => withRoomFor(maxPrograms, odd)).toThrow("does not begin as libbpf's do");
	});
});

describe("an object that cannot be signed is refused", () => {
	it.each([
		["tcp-aimd", "aimd is struct_ops"],
		["bad-map-type", "shared_memory is an arena"],
		["lsm-guard", "what map denied_by_cgroup holds"],
	])("%s: %s", async (name, reason) => {
		await expect(generateLoader(await objectOf(name), "insns")).rejects.toThrow(
			`cannot be signed: ${reason}`,
		);
	});

	it("when a program is aimed at another one, or by the manifest", async () => {
		const object = await objectOf("read-latency");
		const aimed = (target: object) => ({
			...object,
			settings: { ...object.settings, programs: { read_enter: { target } } },
		});
		await expect(generateLoader(aimed({ program: "x" }), "insns")).rejects.toThrow(
			"aimed at another program",
		);
		await expect(generateLoader(aimed({ function: "vfs_read" }), "insns")).rejects.toThrow("at vfs_read");
	});

	it("when it reads the kernel's configuration, or is none to libbpf", async () => {
		const object = await objectOf("xdp-filter");
		const externs = [{ name: "CONFIG_HZ", kind: "kconfig" as const, weak: false }];
		await expect(generateLoader({ ...object, externs }, "insns")).rejects.toThrow("it reads CONFIG_HZ");
		const loadable = object.bytes.subarray(0, 300);
		await expect(generateLoader({ ...object, loadable }, "insns")).rejects.toThrow("libbpf says: ");
	});
});
