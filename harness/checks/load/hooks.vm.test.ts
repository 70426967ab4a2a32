// SPDX-License-Identifier: Apache-2.0
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import type { CaseResult } from "../../base/results.js";
import { attachPlaces } from "../../data/package/manifest/attach-target.js";
import { resultsOf } from "../../run/testrun.js";
import { loadCheck } from "./load-check.js";
import { packageOf } from "./testload.js";

const everyHook = join(import.meta.dirname, "../../../programs/every-hook/every-hook");
const ofManifest = { programs: { on_kprobe_of_manifest: { attach: { hook: "auto", symbol: "vfs_write" } } } };

const madeHooks = ["socket", "reuseport", "sockmap", "devmap", "cpumap", "perf_event", "route", "action"];

/** What each kernel lacks: the hook's case fails, or that of the program that does not load. */
const lacking: Record<string, Record<string, Record<string, string>>> = {
	"5.10": {
		"every-hook": {
			"program/on_netfilter": "fail program-type-unsupported",
			"attach/on_netfilter": "skip not-loaded",
			"program/on_lsm_cgroup": "fail attach-type-unsupported",
			"attach/on_lsm_cgroup": "skip not-loaded",
			"attach/on_tcx_ingress": "fail attach-unsupported",
			"attach/on_tcx_egress": "fail attach-unsupported",
			"attach/on_netkit_primary": "fail attach-unsupported",
			"attach/on_netkit_peer": "fail attach-unsupported",
			"attach/on_kprobe_multi": "fail attach-unsupported",
		},
		// libbpf loads sk_reuseport/migrate as plain sk_reuseport where the kernel cannot migrate.
		"made-hooks": { "attach/on_verdict": "fail attach-unsupported" },
	},
	"7.3": { "every-hook": {}, "made-hooks": {} },
};

async function results(): Promise<CaseResult[]> {
	const document = await resultsOf({
		packages: await Promise.all([
			packageOf(everyHook, {}, ofManifest),
			packageOf("made-hooks"),
			packageOf("neverattached"),
			packageOf("uprobe_nowhere"),
		]),
		kernels: Object.keys(lacking),
		checks: [loadCheck],
	});
	return document.results;
}

describe("what programs are attached to", async () => {
	const all = await results();
	const of = (pkg: string, kernel: string) =>
		all.filter((result) => result.package === pkg && result.kernel === kernel);

	describe.each(Object.entries(lacking))("%s", (kernel, packages) => {
		it.each(Object.entries(packages))("of %s: a hook that the kernel lacks is a failure", (pkg, lacks) => {
			const others = of(pkg, kernel)
				.filter(({ outcome }) => outcome !== "pass")
				.map(({ case: name, outcome, reason }) => [name, `${outcome} ${reason?.code}`]);
			expect(Object.fromEntries(others)).toEqual(lacks);
		});

		it("covers every hook", () => {
			const cases = Object.keys(packages).flatMap((pkg) => of(pkg, kernel));
			const hooks = new Set(cases.map(({ evidence }) => evidence.hook));
			for (const hook of [...attachPlaces, ...madeHooks, "auto"]) expect(hooks).toContain(hook);
		});
	});

	it.each([
		["neverattached", "u", "/usr/bin/bash is not in the guest"],
		["neverattached", "v", "/usr/lib/libc.so.6 is not in the guest"],
		["uprobe_nowhere", "a", "/no/such/binary is not in the guest"],
		["uprobe_nowhere", "b", "/no/such/binary is not in the guest"],
	])("%s: %s loads, and is not attached: %s", (pkg, name, why) => {
		for (const kernel of Object.keys(lacking)) {
			const cases = new Map(of(pkg, kernel).map((result) => [result.case, result]));
			expect(cases.get(`program/${name}`)?.outcome).toBe("pass");
			expect(cases.get(`attach/${name}`)).toMatchObject({
				outcome: "skip",
				reason: { code: "not-attached", message: expect.stringContaining(why) },
			});
		}
	});
});
