// SPDX-License-Identifier: Apache-2.0
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, it } from "vitest";
import { buildElf } from "../../data/package/elf/testelf.js";
import { sampleElf, sampleObject } from "../../data/package/elf/testobject.js";
import { sampleFiles, sampleManifest, temporaryFolder } from "../../data/package/testpackage.js";
import { run } from "./inspect.js";

async function inspect(...args: string[]): Promise<string> {
	let output = "";
	const write = (text: string) => {
		output += text;
	};
	const signal = () => new AbortController().signal;
	const path = args.at(-1) ?? "";
	await run([path], args.includes("--json") ? { json: true } : {}, { write, signal });
	return output;
}

it("prints what a package contains and needs", async () => {
	const kernels = { from: "5.10", to: "7.3", requires: ["map_type:percpu_array"] };
	await using folder = await temporaryFolder(sampleFiles({ ...sampleManifest, kernels }));
	const text = await inspect(folder.path);
	expect(text.replace(/[0-9a-f]{64}/, "…").replace(/\(\d+ bytes/, "(n bytes")).toBe(
		[
			"sample 1.2.3",
			"sha256 …",
			"kernels from 5.10 to 7.3",
			"requires map_type:percpu_array",
			"",
			"bpf/count.bpf.o  (n bytes, licence GPL, BTF)",
			"  program  section  type  attaches to  insns",
			"  count    xdp      xdp   netdev       8 + 3",
			"  map       type          key  value  entries",
			"  hits      percpu_array  4    8      16",
			"  .rodata   array         4    20     1",
			"  .bss      array         4    24     1",
			"  .kconfig  array         4    4      1",
			"  helpers of count: map_lookup_elem, ktime_get_ns",
			"  kfuncs: bpf_kernel_thing",
			"  kernel configuration: CONFIG_HZ (optional)",
			"  CO-RE: struct task_struct { pid }",
			"",
		].join("\n"),
	);
});

it("prints where the package's loader pins maps", async () => {
	const pinsOf = async (settings: Record<string, unknown>) => {
		const objects = [{ file: "bpf/count.bpf.o", ...settings }];
		await using folder = await temporaryFolder(sampleFiles({ ...sampleManifest, objects }));
		return / {2}pinned maps: (.*)/.exec(await inspect(folder.path))?.[1];
	};
	const maps = (pinning: string) => ({ maps: { hits: { pinning } } });
	expect(await pinsOf({})).toBeUndefined();
	expect(await pinsOf({ ...maps("none"), pin_root: "/sys/fs/bpf/a" })).toBeUndefined();
	expect(await pinsOf(maps("by_name"))).toBe("hits at /sys/fs/bpf/hits");
	expect(await pinsOf({ ...maps("by_name"), pin_root: "/sys/fs/bpf/eth0/a" })).toBe(
		"hits at /sys/fs/bpf/eth0/a/hits",
	);
	expect(await pinsOf({ ...maps("/sys/fs/bpf/all"), pin_root: "/sys/fs/bpf/a" })).toBe(
		"hits at /sys/fs/bpf/all",
	);
	for (const wrong of ["/sys/fs/bpf/v1.0/hits", "/run/hits", "/sys/fs/bpf/../x", "/sys/fs/bpf", "by-name"])
		await expect(pinsOf(maps(wrong))).rejects.toThrow(
			/bpfgate\.json: \/objects\/0\/maps\/hits\/pinning: must match/,
		);
	await expect(pinsOf({ pin_root: "/sys/fs/bpf/v1.0" })).rejects.toThrow(
		/\/objects\/0\/pin_root: must match/,
	);
});

it("prints the token that the manifest declares", async () => {
	const token = { programs: ["socket_filter", "xdp"], maps: [], capabilities: ["cap_bpf"] };
	await using folder = await temporaryFolder(sampleFiles({ ...sampleManifest, token }));
	expect(await inspect(folder.path)).toMatch(
		/\ntoken\n {2}programs {6}socket_filter, xdp\n {2}capabilities {2}cap_bpf\n\n/,
	);
	expect(JSON.parse(await inspect("--json", folder.path)).token).toEqual(token);
	await using idle = await temporaryFolder(sampleFiles({ ...sampleManifest, token: {} }));
	expect(await inspect(idle.path)).toContain("\ntoken that grants nothing\n");
	await using none = await temporaryFolder(sampleFiles());
	expect(await inspect(none.path)).not.toContain("token");
	expect(JSON.parse(await inspect("--json", none.path))).not.toHaveProperty("token");
});

it("prints the variants, and the files of guests", async () => {
	const variants = [["one/count", "two.o"]];
	const objects = ["one.o", "two.o"];
	const guest = { files: [{ from: "sh", to: "/usr/bin/sh" }] };
	await using folder = await temporaryFolder({
		"bpfgate.json": JSON.stringify({ ...sampleManifest, objects, variants, guest }),
		"one.o": sampleObject(),
		"two.o": sampleObject(),
		sh: "#!",
	});
	expect(await inspect(folder.path)).toContain(
		"\none of one/count, or two.o\nguests have /usr/bin/sh (2 bytes)\n",
	);
	expect(JSON.parse(await inspect("--json", folder.path))).toMatchObject({
		variants,
		guest_files: [{ path: "/usr/bin/sh", bytes: 2 }],
	});
});

it("prints the same as JSON, of a bare object too", async () => {
	await using folder = await temporaryFolder({ "count.bpf.o": sampleObject() });
	const path = join(folder.path, "count.bpf.o");
	const summary = JSON.parse(await inspect("--json", path));
	expect(summary).toMatchObject({
		...{ format: "bpfgate/inspect", version: 1, kernels: {} },
		package: { name: "count", version: "0", sha256: expect.stringMatching(/^[0-9a-f]{64}$/), path },
		objects: [
			{
				...{ file: "count.bpf.o", byte_order: "little", license: "GPL", btf: true },
				programs: [
					{
						...{ name: "count", section: "xdp", type: "xdp", attach_type: "xdp", attaches_to: "netdev" },
						...{ sleepable: false, autoload: true, insns: 8, insns_with_functions: 11 },
						...{ helpers: ["map_lookup_elem", "ktime_get_ns"], kfuncs: ["bpf_kernel_thing"] },
						...{ maps: [".rodata", "hits"], source: "count.bpf.c:10" },
					},
				],
				externs: [
					{ name: "bpf_kernel_thing", kind: "kfunc", weak: false },
					{ name: "CONFIG_HZ", kind: "kconfig", weak: true },
				],
				core: [{ type: "struct task_struct", field: "pid", kind: "field_byte_offset" }],
			},
		],
	});
});

it("shows names from the object without letting them act on the terminal", async () => {
	const elf = sampleElf({ section: "xdp" });
	elf.symbols[1] = { ...elf.symbols[1]!, name: "count\u001b[2J" };
	await using folder = await temporaryFolder();
	const path = join(folder.path, "x.o");
	await writeFile(path, buildElf(elf));
	const text = await inspect(path);
	expect(text).not.toContain("\u001b");
	expect(text).toContain("count\\u{1b}[2J");
});

it("fails with an InputError for what is no package", async () => {
	await expect(inspect("/nonexistent")).rejects.toThrow("/nonexistent: does not exist");
});
