// SPDX-License-Identifier: Apache-2.0
import { expect, it } from "vitest";
import type { Package } from "../../data/package/package.js";
import { withModules } from "../../lab/guest-modules.js";
import { createLab } from "../../lab/lab.js";
import { contextOf } from "../../lab/testbench.js";
import type { GuestNeeds } from "../../machine/kernel/kernel.js";
import { openKernel } from "../../machine/kernel/store.js";
import { loadCheck } from "./load-check.js";
import { packageOf } from "./testload.js";

/** Outcome or reason of each case on a kernel, and the modules that its guest got. */
async function checked(kernelId: string, pkg: Package, asked: string[] = [], needs?: GuestNeeds) {
	await using lab = createLab({ signal: new AbortController().signal });
	const plain = await openKernel(kernelId);
	const kernel = needs ? { ...plain, guest: needs } : await withModules(plain, [pkg], asked, lab.functions);
	const cases: Record<string, string> = {};
	const reasons: Record<string, string> = {};
	await lab.withBench(kernel, async (bench) => {
		for await (const { case: name, outcome, reason } of loadCheck.create(contextOf([pkg])).run(pkg, bench)) {
			cases[name] = reason ? `${outcome} ${reason.code}` : outcome;
			reasons[name] = reason?.message ?? "";
		}
	});
	return { cases, reasons, modules: kernel.guest?.modules?.map(({ name }) => name) ?? [] };
}

it.each(["5.10", "7.3"])("on %s, functions and tracepoints of a module have their module", async (kernel) => {
	const { cases, modules, reasons } = await checked(kernel, await packageOf("bridge", {}, {}, "-DNOWHERE"));
	expect(reasons["program/nowhere"]).toMatch(
		/br_of_no_kernel, which neither the kernel nor any of its modules has/,
	);
	expect(modules).toEqual(expect.arrayContaining(["llc", "stp", "bridge"]));
	expect(cases).toMatchObject({
		// 5.10's modules have no BTF that fentry could use.
		"program/forward": kernel === "7.3" ? "pass" : "fail attach-target-missing",
		"program/added": "pass",
		"attach/added": "pass",
		"program/nowhere": "fail attach-target-missing",
	});
});

it("a kfunc's module is loaded, and on a kernel whose module lacks it the program fails", async () => {
	const pkg = await packageOf("conntrack");
	const recent = await checked("7.3", pkg);
	expect(recent.modules).toContain("nf_conntrack");
	expect(recent.cases).toEqual({ "program/known": "pass", "attach/known": "pass" });
	expect((await checked("5.10", pkg)).cases["program/known"]).toMatch(/^(fail|skip) kfunc-missing/);
});

it("where the modules cannot be had, it is a skip that says why and what to do", async () => {
	const { cases, reasons } = await checked("7.3", await packageOf("bridge"), [], {
		unsearched: "they are gone",
	});
	expect(cases["program/forward"]).toBe("skip module-absent");
	expect(reasons["program/forward"]).toBe(
		"forward needs br_forward, which may be in a module: they are gone",
	);
});

it("the manifest and the user may name modules, and packages without need get none", async () => {
	const pkg = await packageOf(
		"large",
		{ guest: { modules: ["stp"] } },
		{ maps: { rings: { max_entries: 1 } } },
	);
	expect((await checked("7.3", pkg, ["br_netfilter"])).modules).toEqual(
		expect.arrayContaining(["stp", "br_netfilter"]),
	);
	await expect(checked("7.3", pkg, ["no_such_module"])).rejects.toThrow(
		"kernel 7.3 has no module no_such_module",
	);
	const plain = await packageOf("large", {}, { maps: { rings: { max_entries: 1 } } });
	expect((await checked("7.3", plain)).modules).toEqual([]);
});
