// SPDX-License-Identifier: Apache-2.0
import { beforeAll, describe, expect, it } from "vitest";
import { assemble, disassemble, type Insn, op } from "../../../base/insn.js";
import { readObject } from "../../package/object.js";
import { type SignOptions, signDetached } from "../cms.js";
import { type Identity, issue } from "../issue.js";
import { insistingOnExclusiveMap, withoutOverrides } from "../loader/harden.js";
import { type LintCode, lintLoader, lintSignature } from "./lint.js";
import { type ExampleLoader, exampleLoader } from "./testloaders.js";

/** By bpftool 7.7, 7.8 of Linux 7.2, and 7.8 of Linux 7.3. */
let first: ExampleLoader;
let second: ExampleLoader;
let third: ExampleLoader;
beforeAll(async () => {
	[first, second, third] = (await Promise.all(
		["bad-signed-loader", "signed-previous-contract", "signed-bpftool"].map(exampleLoader),
	)) as [ExampleLoader, ExampleLoader, ExampleLoader];
});

/** Codes that the lint finds in an example's loader after a change. */
function codes({ loader, object }: ExampleLoader, change: Partial<ExampleLoader["loader"]> = {}): LintCode[] {
	return lintLoader({ ...loader, ...change }, { object }).map(({ code }) => code);
}

/** A copy in which the instruction that `find` picks is another. */
function patched(
	insns: Uint8Array,
	find: (insn: ReturnType<typeof list>[number]) => boolean,
	code: number,
	fields: Partial<Insn>,
): Uint8Array {
	const found = list(insns).find(find);
	if (!found) throw new Error("no such instruction");
	const copy = Uint8Array.from(insns);
	copy.set(assemble([{ ...found, ...fields, code }]), found.at);
	return copy;
}
const list = (insns: Uint8Array) => [...disassemble(insns)];

it("finds nothing in what bpftool 7.8 makes", () => {
	expect(codes(second)).toEqual([]);
	expect(codes(third)).toEqual([]);
});

describe("metadata", () => {
	it("that nothing checks is found where the signature covers the instructions alone", () => {
		expect(codes(third, { contract: "insns" })).toEqual(["metadata-unchecked"]);
		expect(codes(third, { contract: "insns-excl" })).toEqual(["metadata-unchecked"]);
	});

	it("of a map that others can write is found: CVE-2026-80675", () => {
		expect(codes(first)).toContain("metadata-not-exclusive");
		const severity = (contract: "insns" | "insns-excl") =>
			lintLoader({ ...first.loader, contract }).find(({ code }) => code === "metadata-not-exclusive")
				?.severity;
		expect(severity("insns")).toBe("warning");
		expect(severity("insns-excl")).toBe("error");
	});

	it("is safe when the loader insists on an exclusive map at its start", () => {
		const insns = insistingOnExclusiveMap(first.loader.insns);
		expect(codes(first, { insns, contract: "insns-excl" })).not.toContain("metadata-not-exclusive");
		const other = patched(insns, ({ code, imm }) => code === op.jeqImm && imm === 1, op.jeqImm, { imm: 0 });
		expect(codes(first, { insns: other, contract: "insns-excl" })).toContain("metadata-not-exclusive");
	});

	it("is not checked when there is a way around the comparison", () => {
		const { insns } = second.loader;
		const jneReg = 0x5d;
		const last = list(insns).findLast(({ code }) => code === jneReg)!;
		const jump = list(insns).find(({ code }) => code === op.jump)!;
		const offset = (last.at - jump.at) / 8;
		const around = patched(insns, ({ at }) => at === jump.at, op.jump, { offset });
		expect(codes(second, { insns: around })).toEqual(["metadata-unchecked"]);
		// Of four words, three.
		const equal = patched(insns, ({ at }) => at === last.at, jneReg, { target: 7, source: 7 });
		expect(codes(second, { insns: equal })).toEqual(["metadata-unchecked"]);
		// On one of two ways.
		const maybe = patched(insns, ({ at }) => at === jump.at - 8, op.jeqImm, {
			target: 1,
			imm: 5,
			offset: offset + 1,
		});
		expect(codes(second, { insns: maybe })).toEqual(["metadata-unchecked"]);
	});

	it("that was changed is found by its hash", () => {
		const data = Uint8Array.from(second.loader.data);
		data[data.length - 1]! ^= 1;
		expect(codes(second, { data })).toContain("metadata-hash-differs");
		expect(codes(third, { data: Uint8Array.from(third.loader.data) })).toEqual([]);
	});
});

describe("the loader's context", () => {
	it("decides of sizes and initial values in what bpftool 7.7 makes", () => {
		const findings = lintLoader(first.loader, first);
		const sentence = (code: LintCode) => findings.find((each) => each.code === code)?.sentence;
		expect(sentence("host-sizes-maps")).toContain("sent, arrived, .rodata, .bss");
		expect(sentence("host-initial-values")).toMatch(/content of \.rodata, \.bss,/);
	});

	it("decides of nothing once the overrides are gone", () => {
		const insns = withoutOverrides(first.loader.insns, first.loader.maps.length);
		expect(codes(first, { insns })).toEqual(["metadata-not-exclusive"]);
	});

	it("is read nowhere else", () => {
		const logSize = ({ code, source, offset }: { code: number; source: number; offset: number }) =>
			code === op.ldxW && source === 6 && offset === 12;
		const { insns } = third.loader;
		expect(codes(third, { insns: patched(insns, logSize, op.ldxW, { offset: 16 }) })).toEqual([]);
		for (const offset of [24, 24 + 4 * 16, -4])
			expect(codes(third, { insns: patched(insns, logSize, op.ldxW, { offset }) })).toEqual(["host-input"]);
	});
});

describe("what the loader installs", () => {
	it("has to be what is said of it", () => {
		const [sent, arrived, rodata, bss] = third.loader.maps as [string, string, string, string];
		for (const maps of [
			[arrived, sent, rodata, bss],
			[sent, arrived, rodata],
			[sent, arrived, bss, rodata],
		])
			expect(codes(third, { maps })).toContain("other-maps");
		for (const programs of [["count_udp", "limit_udp"], ["limit_udp"], []])
			expect(codes(third, { programs })).toEqual(["other-programs"]);
	});

	it("has to be what the object has", async () => {
		const { loader, object } = third;
		expect(lintLoader(loader, { object: { ...object, maps: object.maps.slice(1) } })).toMatchObject([
			{ code: "other-maps", sentence: expect.stringContaining("the object has no map sent") },
		]);
		const maps = object.maps.map((map) => (map.name === "sent" ? { ...map, type: "lru_hash" } : map));
		expect(lintLoader(loader, { object: { ...object, maps } })).toMatchObject([
			{ code: "other-maps", sentence: expect.stringContaining("sent is hash with keys of 4 bytes") },
		]);
		const programs = object.programs.slice(0, 1);
		expect(lintLoader(loader, { object: { ...object, programs } })).toMatchObject([
			{ code: "other-programs" },
		]);
	});

	it("has to have the object's instructions", () => {
		const { loader, object } = third;
		const code = object.elf.sections.find(({ name }) => name === "xdp")!;
		const whole = Buffer.from(object.bytes);
		const at = whole.indexOf(code.data);
		const changed = (offset: number) => {
			const bytes = Uint8Array.from(whole);
			bytes[at + offset]! ^= 1;
			return lintLoader(loader, { object: readObject("udp-quota.bpf.o", bytes) });
		};
		expect(whole.indexOf(code.data, at + 1)).toBe(-1);
		// The constant of the first move or comparison, and the opcode of the last instruction.
		const constant = list(code.data).find(
			({ code: each, imm }) => each !== op.ldImm64 && each !== op.call && imm !== 0,
		)!;
		expect(changed(constant.at + 4)).toMatchObject([{ code: "other-instructions" }]);
		expect(changed(code.size - 8)).toMatchObject([{ code: "other-instructions" }]);
		expect(lintLoader(loader, { object: readObject("udp-quota.bpf.o", whole) })).toEqual([]);
	});

	it("reports a loader that libbpf did not make", () => {
		const { insns } = third.loader;
		expect(codes(third, { insns: insns.subarray(0, -4) })).toEqual(["unknown-loader"]);
		expect(codes(third, { insns: new Uint8Array(0) })).toEqual(["unknown-loader"]);
		const call = patched(insns, ({ code }) => code === op.call, op.call, { source: 1 });
		expect(codes(third, { insns: call })).toEqual(["unknown-loader"]);
		const astray = patched(insns, ({ code }) => code === op.jump, op.jump, { offset: 32767 });
		expect(codes(third, { insns: astray })).toEqual(["unknown-loader"]);
		const long = Buffer.concat([insns, new Uint8Array(65_536 * 8)]);
		expect(codes(third, { insns: long })).toEqual(["unknown-loader"]);
		// Its attributes are beyond the end of the data.
		expect(codes(third, { data: third.loader.data.subarray(0, 64) })).toEqual(["unknown-loader"]);
	});
});

it("says what is too large for a kernel's signature", () => {
	const room = 0xffffff - third.loader.insns.length;
	const data = new Uint8Array(room + 1);
	data.set(third.loader.data);
	expect(codes(third, { data: data.subarray(0, room) })).toEqual([]);
	expect(codes(third, { data })).toEqual(["payload-too-large"]);
	expect(codes(second, { data })).not.toContain("payload-too-large");
});

let identity: Identity;
beforeAll(async () => {
	identity = await issue({ type: "ecdsa" });
});

async function signatureCodes(options: SignOptions, content = "a loader"): Promise<string[]> {
	const { privateKey, certificate } = identity;
	const key = { kind: "memory", pem: privateKey } as const;
	const cms = await signDetached(Buffer.from(content), key, certificate, options);
	return lintSignature({ cms }).map(({ code }) => code);
}

it("finds nothing in a bare detached signature", async () => {
	expect(await signatureCodes({})).toEqual([]);
	expect(await signatureCodes({ digest: "sha384" })).toEqual([]);
});

it.each([
	["weak-digest", { digest: "sha1" }],
	["content-attached", { attached: true }],
	["attributes-signed", { attributes: true }],
	["certificates-embedded", { certificates: true }],
] as const)("finds %s", async (code, options) => {
	expect(await signatureCodes(options)).toEqual([code]);
});

it("finds what is longer than kernels take", async () => {
	expect(await signatureCodes({ attached: true }, "x".repeat(7000))).toEqual(["content-attached"]);
	expect(await signatureCodes({ attached: true }, "x".repeat(8192))).toEqual([
		"signature-too-large",
		"content-attached",
	]);
});

it("finds what is not a signature", () => {
	for (const cms of [new Uint8Array(0), Buffer.from("junk"), Buffer.from([0x30, 0x80, 0, 0])])
		expect(lintSignature({ cms })).toMatchObject([{ code: "signature-unreadable" }]);
});
