// SPDX-License-Identifier: Apache-2.0
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { beforeAll, describe, expect, it } from "vitest";
import { signedExamples } from "../../../../programs/signed.js";
import { InputError } from "../../../base/errors.js";
import { issue } from "../issue.js";
import { type ExampleLoader, exampleLoader } from "../lint/testloaders.js";
import { type LightSkeleton, readLightSkeleton } from "./light-skeleton.js";
import { loaderOfSkeleton } from "./loader.js";

const headerOf = (name: string) =>
	readFileSync(
		fileURLToPath(new URL(`../../../../programs/${name}/signatures/udp-quota.lskel.h`, import.meta.url)),
		"latin1",
	);
const read = (text: string) => readLightSkeleton("x.lskel.h", Buffer.from(text, "latin1"));
const header = headerOf("signed-bpftool");

/** The number of the first line that begins so, from 1. */
const lineOf = (text: string, start: string) =>
	text.split("\n").findIndex((line) => line.startsWith(start)) + 1;

function refusal(text: string): string {
	try {
		read(text);
	} catch (error) {
		if (error instanceof InputError) return error.message;
		throw error;
	}
	return "none";
}

describe("a header of bpftool", () => {
	it.each(signedExamples)("as in $package is read", ({ package: name }) => {
		const skeleton = read(headerOf(name));
		expect(skeleton).toMatchObject({
			maps: ["sent", "arrived", "rodata", "bss"],
			programs: ["limit_udp", "count_udp"],
		});
		expect(skeleton.insns.length % 8).toBe(0);
		// Its first instruction keeps the context.
		expect([...skeleton.insns.subarray(0, 8)]).toEqual([0xbf, 0x16, 0, 0, 0, 0, 0, 0]);
		// DER of a sequence of up to 64 KiB, with nothing behind it.
		expect([...skeleton.cms.subarray(0, 2)]).toEqual([0x30, 0x82]);
		expect(skeleton.cms.length).toBe(Buffer.from(skeleton.cms).readUInt16BE(2) + 4);
		expect(Buffer.from(skeleton.data).includes("Dual BSD/GPL\0")).toBe(true);
	});

	it("that is invalid is refused", () => {
		expect(refusal("")).toBe(
			"x.lskel.h: is not a light skeleton of bpftool, made with `bpftool gen skeleton -L`",
		);
		expect(refusal(header.replace("#include <bpf/skel_internal.h>\n", ""))).toMatch(
			"is not a light skeleton",
		);
	});

	it("without a signature is refused", () => {
		const start = header.indexOf("\tstatic const char opts_sig[]");
		const end = header.indexOf("\topts.ctx = ");
		expect(refusal(header.slice(0, start) + header.slice(end))).toBe(
			"x.lskel.h: has no signature: bpftool made it without -S",
		);
	});

	it("whose instructions were changed is refused", () => {
		const start = header.indexOf("opts_insn[]");
		const at = header.indexOf("\\xbf", start);
		expect(refusal(`${header.slice(0, at)}\\xb7${header.slice(at + 4)}`)).toBe(
			"x.lskel.h: opts_excl_hash: is not the SHA-256 of opts_insn; the header was changed",
		);
	});

	it("with other bytes than bpftool writes is refused with line and column", () => {
		const opening = "\tstatic const char opts_data[]";
		const line = lineOf(header, opening) + 1;
		const at = header.indexOf("\n", header.indexOf(opening)) + 1;
		const put = (text: string, length = text.length) =>
			header.slice(0, at) + text + header.slice(at + length);
		for (const bad of ["a", "\\1", "\\xAB", "\\x1g", "\\n", '"', "\\ "])
			expect(refusal(put(bad))).toBe(`x.lskel.h: line ${line}: column 1 is not a byte as bpftool writes it`);
		expect(refusal(put("\n", 0))).toBe(`x.lskel.h: line ${line}: is not the next line of opts_data`);
	});

	it("that is cut short is refused", () => {
		const opening = "\tstatic const char opts_sig[]";
		const line = lineOf(header, opening);
		const at = header.indexOf("\n", header.indexOf(opening));
		expect(refusal(header.slice(0, header.indexOf("\n", at + 1)))).toBe(
			`x.lskel.h: line ${line}: opts_sig has no end`,
		);
	});

	it("that says something twice is refused", () => {
		const twice = (text: string) => header.replace(text, `${text}\n${text}`);
		expect(refusal(twice("\t\tstruct bpf_map_desc sent;"))).toMatch("maps has two of the same name");
		const other = "\tstruct udp_quota_bpf__bss {\n\t\tstruct bpf_prog_desc other;";
		expect(refusal(header.replace("\tstruct udp_quota_bpf__bss {", other))).toMatch(
			"struct bpf_prog_desc is not in one struct progs, as bpftool has it",
		);
	});
});

describe("a header of 64 MiB", () => {
	it.each([
		["empty lines", "skel_internal.h>\n", "\n", "line 8: is not what bpftool writes there"],
		["a line without an end", "skel_internal.h>\n", "a", /line 7: has \d+ bytes, more than the 4096/],
		["declarations", "\tstruct bpf_loader_ctx ctx;\n", "int a;\n", 'has no "};" within 1048576 bytes'],
		[
			"empty lines of a string",
			'data[] __attribute__((__aligned__(8))) = "\\\n',
			"\\\n",
			"is not the next line of data",
		],
	])("is refused when it has %s", (_, start, filler, reason) => {
		const bytes = Buffer.alloc(64 * 1024 * 1024, filler);
		bytes.write(header.slice(0, header.indexOf(start) + start.length), "latin1");
		expect(() => readLightSkeleton("x.lskel.h", bytes)).toThrow(reason);
	});
});

describe("the code of a header", () => {
	const lines = header.split("\n");
	const evil = '\tsystem("id");';
	/** Lines of code: those of arrays are bytes. */
	const code = lines.flatMap((line, index) => (line.startsWith("\\") ? [] : [index]));

	it("has no line that can be added, left out, changed or repeated", () => {
		expect(refusal(lines.join("\n"))).toBe("none");
		for (const index of code) {
			const [before, line, after] = [lines.slice(0, index), lines[index]!, lines.slice(index + 1)];
			for (const changed of [
				[evil, line],
				[line, evil],
				[`${line}${evil}`],
				[`${line} /* */`],
				[evil],
				["#include <x.h>", line],
			])
				expect(refusal([...before, ...changed, ...after].join("\n")), `${index + 1}: ${line}`).not.toBe(
					"none",
				);
		}
	});

	const replaced = (search: string, replacement: string) => {
		expect(header).toContain(search);
		return refusal(header.replace(search, replacement));
	};
	it("is refused with the line and what bpftool writes there", () => {
		const load = "\terr = bpf_load_and_run(&opts);";
		expect(replaced(load, `${evil}\n${load}`)).toBe(
			`x.lskel.h: line ${lineOf(header, load)}: is not what bpftool writes there, which is "err = bpf_load_and_run(&opts);"`,
		);
		const member = "\t\t__u32 quota;";
		expect(replaced(member, "\t\t__u32 quota = system(0);")).toBe(
			`x.lskel.h: line ${lineOf(header, member)}: is not a declaration as bpftool writes it`,
		);
		expect(refusal(`${header}${evil}\n`)).toMatch(/line \d+: is behind the end of what bpftool writes$/);
		expect(refusal(`${header}\n`)).toMatch("is behind the end");
		expect(replaced("__UDP_QUOTA_BPF_SKEL_H__", "__X_SKEL_H__")).toMatch('which is "#define __X_SKEL_H__"');
		expect(refusal(header.replaceAll("__UDP_QUOTA_BPF_SKEL_H__", "__X_SKEL_H__"))).toMatch("line 8: ");
	});

	it("may have what other objects have", () => {
		const none = "((void)prog_fd, 0); /* auto-attach not supported */";
		for (const way of [
			'skel_raw_tracepoint_open("sys_enter", prog_fd);',
			"skel_raw_tracepoint_open(NULL, prog_fd);",
			"skel_link_create(prog_fd, 0, BPF_TRACE_ITER);",
		])
			expect(replaced(none, way)).toBe("none");
		expect(replaced(none, 'skel_raw_tracepoint_open("x", prog_fd); system("id"); //", prog_fd);')).toMatch(
			"is not what bpftool writes there",
		);
		expect(replaced("4096, PROT_READ | PROT_WRITE, skel->maps.bss", "4096, PROT_READ, skel->maps.bss")).toBe(
			"none",
		);
		expect(replaced("initial_value, 4096);", "initial_value, 4096), system(0);")).toMatch(
			"is not what bpftool",
		);
		expect(replaced("quota) == 4,", "quota) == 8,")).toBe("none");
		const unasserted = header.slice(0, header.indexOf("__attribute__((unused)) static void"));
		expect(refusal(`${unasserted}\n#endif /* __UDP_QUOTA_BPF_SKEL_H__ */\n`)).toBe("none");
	});
});

describe("the loader in a header", () => {
	let examples: Record<string, ExampleLoader>;
	let skeletons: Record<string, LightSkeleton>;
	beforeAll(async () => {
		const names = signedExamples.map((each) => each.package);
		examples = Object.fromEntries(
			await Promise.all(names.map(async (name) => [name, await exampleLoader(name)] as const)),
		);
		skeletons = Object.fromEntries(names.map((name) => [name, read(headerOf(name))]));
	});

	it.each(signedExamples)("of $package is for contract $contract", ({ package: name, contract }) => {
		const { object, certificate } = examples[name]!;
		expect(loaderOfSkeleton(skeletons[name]!, certificate, object.maps)).toMatchObject({
			contract,
			maps: ["sent", "arrived", ".rodata", ".bss"],
			programs: ["limit_udp", "count_udp"],
		});
	});

	const fromFirst = (
		change: Partial<LightSkeleton>,
		certificate = examples["signed-bpftool"]!.certificate,
	) => {
		const { object } = examples["signed-bpftool"]!;
		const skeleton = { ...skeletons["signed-bpftool"]!, ...change };
		return loaderOfSkeleton(skeleton, certificate, object.maps);
	};

	it("is refused when the certificate is not the signer's", async () => {
		const { certificate } = await issue({ type: "ecdsa" });
		expect(() => fromFirst({}, certificate)).toThrow(/^x\.lskel\.h: opts_sig: the signature is by key/);
	});

	it("is refused when its data was changed", () => {
		const data = Uint8Array.from(skeletons["signed-bpftool"]!.data);
		data[data.length - 1]! ^= 1;
		expect(() => fromFirst({ data })).toThrow("x.lskel.h: opts_sig: the signature does not match");
	});

	it("is refused when the header names other maps or programs than it has", () => {
		expect(() => fromFirst({ maps: ["sent"] })).toThrow("names 1 maps, but its loader makes 4");
		expect(() => fromFirst({ programs: ["limit_udp"] })).toThrow(
			'x.lskel.h: its loader loads "count_udp", which it does not name',
		);
		expect(() => fromFirst({ insns: Buffer.from("\0".repeat(16)) })).toThrow(
			"is not a loader that libbpf makes",
		);
	});

	it("has the programs that it loads, not all that the header names", () => {
		const programs = ["not_loaded", "limit_udp", "nor_this", "count_udp"];
		expect(fromFirst({ programs }).programs).toEqual(["limit_udp", "count_udp"]);
	});

	it("keeps the header's name of a map that the object has not", () => {
		const { certificate } = examples["signed-bpftool"]!;
		const loader = loaderOfSkeleton(skeletons["signed-bpftool"]!, certificate, []);
		expect(loader.maps).toEqual(["sent", "arrived", "rodata", "bss"]);
	});
});
