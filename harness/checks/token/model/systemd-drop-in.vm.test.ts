// SPDX-License-Identifier: Apache-2.0
import { expect, it } from "vitest";
import { tokenNames } from "../../../data/package/sections/token.js";
import { delegationOf } from "./delegation.js";
import { delegatedKinds } from "./mount-options.js";
import { printDropIn, systemdName } from "./systemd-drop-in.js";
import { verifiedBySystemd } from "./testsystemd.js";

it("every name that a drop-in can have is one that systemd knows", async () => {
	const { capabilities: _, ...delegated } = tokenNames;
	const all = Object.fromEntries(Object.entries(delegated).map(([kind, { names }]) => [kind, [...names]]));
	for (const settings of [all, { programs: ["any"], capabilities: ["cap_bpf", "cap_perfmon"] }]) {
		const { complaints } = await verifiedBySystemd(printDropIn(delegationOf(settings)).text);
		expect(complaints).toEqual([]);
	}
});

it("names that it does not know are told of, among them each that is said to have none", async () => {
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
	// What a drop-in says is said of 262; Debian's newest may have been given the name since.
	if (Number.parseInt(asked.version, 10) <= 262)
		expect(asked.complaints.join("\n")).toMatch(/BPFProgTypeSyscall/);
});

it("a directive that there is none of is told of, whichever of those that are printed it was", async () => {
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
