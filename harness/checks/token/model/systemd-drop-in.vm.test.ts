// SPDX-License-Identifier: Apache-2.0
import { expect, it } from "vitest";
import { tokenNames } from "../../../data/package/sections/token.js";
import { delegationOf } from "./delegation.js";
import { delegatedKinds } from "./mount-options.js";
import { printDropIn, systemdName } from "./systemd-drop-in.js";
import { verifiedBySystemd } from "./testsystemd.js";

it("systemd accepts every name of a drop-in", async () => {
	const { capabilities: _, ...delegated } = tokenNames;
	const all = Object.fromEntries(Object.entries(delegated).map(([kind, { names }]) => [kind, [...names]]));
	for (const settings of [all, { programs: ["any"], capabilities: ["cap_bpf", "cap_perfmon"] }]) {
		const { complaints } = await verifiedBySystemd(printDropIn(delegationOf(settings)).text);
		expect(complaints).toEqual([]);
	}
});

it("systemd complains about unknown names, and about each that a drop-in leaves out", async () => {
	const { text } = printDropIn(delegationOf({ programs: ["xdp"] }));
	const { complaints } = await verifiedBySystemd(text.replace("BPFProgTypeXdp", "BPFProgTypeXdq"));
	expect(complaints.join("\n")).toMatch(/BPFProgTypeXdq/);
	const none = delegatedKinds.flatMap((kind) =>
		tokenNames[kind].names.filter((name) => systemdName(kind, name) === undefined),
	);
	expect(none).toEqual(["syscall"]);
	const asked = await verifiedBySystemd(
		"[Service]\nPrivateBPF=yes\nBPFDelegatePrograms=BPFProgTypeSyscall\n",
	);
	// The drop-in's comment is about 262; Debian's newest may have the name.
	if (Number.parseInt(asked.version, 10) <= 262)
		expect(asked.complaints.join("\n")).toMatch(/BPFProgTypeSyscall/);
});

it("systemd complains about unknown directives, in place of each that a drop-in has", async () => {
	const { text } = printDropIn(
		delegationOf({
			commands: ["prog_load"],
			maps: ["hash"],
			programs: ["xdp"],
			attachments: ["xdp"],
			capabilities: ["cap_bpf"],
		}),
	);
	expect((await verifiedBySystemd(text)).complaints).toEqual([]);
	const directives = [...text.matchAll(/^(\w+)=/gm)].map(([, directive = ""]) => directive);
	expect(directives).toEqual(expect.arrayContaining(["PrivateBPF", "BPFDelegateAttachments"]));
	const { complaints } = await verifiedBySystemd(text.replace(/^(\w+)=/gm, "$1s="));
	for (const directive of directives) expect(complaints.join("\n")).toContain(`Unknown key '${directive}s'`);
});
