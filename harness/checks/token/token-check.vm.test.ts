// SPDX-License-Identifier: Apache-2.0

import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { openPackage, type Package } from "../../data/package/package.js";
import type { Finding } from "../../lab/check.js";
import type { KernelPromise } from "../../lab/promise.js";
import { testbench } from "../../lab/subject/session/testsession.js";
import { contextOf } from "../../lab/testbench.js";
import { declaredFinding } from "./declared-token.js";
import type { Grant } from "./model/delegation.js";
import { PackageTrials } from "./package-trials.js";
import { filterToken, observerToken, replacingPackage, replacingToken, smallPackage } from "./testtokens.js";
import { tokenCheck } from "./token-check.js";
import { withoutFinding } from "./without-grant.js";

type Bench = Awaited<ReturnType<typeof testbench>>;
const outcomes = (found: Map<string, Finding>, outcome: string) =>
	[...found.values()].filter((finding) => finding.outcome === outcome).map((finding) => finding.case);

/** Runs the whole check, which must leave nothing behind. */
async function check(bench: Bench, pkg: Package): Promise<Map<string, Finding>> {
	const before = await bench.inventory();
	const found = await bench.check(pkg, tokenCheck);
	expect(await bench.inventory()).toEqual(before);
	expect([...found.keys()]).toEqual(tokenCheck.create(contextOf([])).cases(pkg));
	return found;
}

/** Runs single cases, which must leave nothing behind either. */
async function withTrials<T>(
	bench: Bench,
	pkg: Package,
	work: (trials: PackageTrials) => Promise<T>,
): Promise<T> {
	const before = await bench.inventory();
	const trials = await PackageTrials.open(pkg, bench.workbench);
	try {
		return await work(trials);
	} finally {
		await trials.close();
		expect(await bench.inventory()).toEqual(before);
	}
}

const perfmon: Grant = { kind: "capabilities", name: "cap_perfmon" };

describe.each(["6.12", "7.3"])("the token check on %s", (id) => {
	let bench: Bench;
	beforeAll(async () => {
		bench = await testbench(id);
	});
	afterAll(() => bench[Symbol.asyncDispose]());

	it("passes a package that declares what it needs, case by case, and leaves nothing behind", async () => {
		const found = await check(bench, await smallPackage("OBSERVER", observerToken));
		expect(outcomes(found, "pass")).toEqual([...found.keys()]);
		expect(found.get("declared")?.evidence).toMatchObject({ loaded: ["observe"], attached: ["observe"] });
		expect(found.get("no-token")?.evidence).toMatchObject({ errno: "EPERM" });
		expect(found.get("without-map/hash")?.evidence).toMatchObject({
			without: "map seen is refused with EPERM",
		});
		expect(found.get("without-program/raw_tracepoint")?.evidence).toMatchObject({
			without: "program observe is refused with EPERM",
		});
		expect(found.get("undeclared")?.evidence).toMatchObject({
			answers: { "program/xdp": "EPERM", "map/sockmap": "EPERM", "command/btf_load": "EPERM" },
			with_everything: { "program/xdp": "done", "program/sched_cls": "done", "map/sockmap": "done" },
		});
	});

	it("names the programs that end its processes, and judges the others", async () => {
		const pkg = await smallPackage("HURTING", observerToken);
		const before = await bench.inventory();
		const found = await bench.check(pkg, tokenCheck);
		expect(await bench.inventory()).toEqual(before);
		const holder = (program: string, how: string) => ({
			outcome: "fail",
			reason: {
				code: "token-holder-ended",
				message: expect.stringMatching(
					`^${program} ends the process that attaches it with the token: it ${how}`,
				),
			},
		});
		const [killed, stopped] = [
			found.get("token-holder/kill_at_calls"),
			found.get("token-holder/stop_at_calls"),
		];
		expect(killed).toMatchObject(holder("kill_at_calls", "ended in attach_once with signal 9"));
		expect(stopped).toMatchObject(holder("stop_at_calls", "was stopped in attach_once"));
		expect(found.get("declared")?.evidence).toMatchObject({
			loaded: ["kill_at_calls", "stop_at_calls", "observe"],
			attached: ["observe"],
			not_attached: { kill_at_calls: expect.any(String), stop_at_calls: expect.any(String) },
		});
		expect(outcomes(found, "pass")).toEqual(tokenCheck.create(contextOf([])).cases(pkg));
	});

	it("names a program that no token can authorise", async () => {
		const { reason } = await withTrials(bench, await smallPackage("WRITER", observerToken), declaredFinding);
		// The capability is needed in the user namespace on 7.3, in the initial one on 6.12.
		if (id === "6.12")
			expect(reason).toMatchObject({
				code: "token-cannot-grant",
				message: expect.stringMatching(
					/^observe loads only as root of the initial user namespace; no BPF token can authorise it/,
				),
			});
		else expect(reason?.message).toMatch(/missing: capability\/cap_sys_admin$/);
	});

	it("passes an freplace program where the kernel takes a token for BPF_BTF_GET_FD_BY_ID", async () => {
		await withTrials(bench, await replacingPackage(replacingToken), async (trials) => {
			const declared = await declaredFinding(trials);
			if (id === "6.12") {
				expect(declared.reason).toMatchObject({ code: "token-cannot-grant" });
				return;
			}
			expect(declared.outcome).toBe("pass");
			expect(declared.evidence.attached).toContain("replacement");
			for (const grant of [
				{ kind: "commands", name: "btf_get_fd_by_id" },
				{ kind: "commands", name: "btf_load" },
				{ kind: "programs", name: "ext" },
			] as const)
				expect((await withoutFinding(trials, grant)).outcome).toBe("pass");
		});
	});
});

describe("the token check", () => {
	let bench: Bench;
	beforeAll(async () => {
		bench = await testbench("7.3");
	});
	afterAll(() => bench[Symbol.asyncDispose]());

	it("fails each grant that is not needed", async () => {
		const wide = {
			...observerToken,
			commands: ["map_create", "prog_load", "btf_load", "token_create"],
			maps: ["any"],
			programs: ["socket_filter", "raw_tracepoint", "xdp"],
			capabilities: ["cap_net_admin", "cap_perfmon", "cap_bpf"],
		};
		const found = await check(bench, await smallPackage("OBSERVER", wide));
		expect(outcomes(found, "fail")).toEqual([
			"without-command/btf_load",
			"without-command/token_create",
			"without-map/any",
			"without-program/xdp",
			"without-capability/cap_net_admin",
		]);
		expect(found.get("without-program/xdp")?.reason).toMatchObject({
			code: "too-wide",
			message: "program/xdp is declared, but the package works without it",
		});
		expect(found.get("without-map/any")?.reason?.message).toBe("all maps are declared, but hash is enough");
		expect(found.get("undeclared")?.evidence.answers).not.toHaveProperty("program/xdp");
	});

	it("names the missing grants of a token that is too narrow", async () => {
		const narrow = { ...observerToken, maps: [], programs: ["raw_tracepoint"] };
		const found = await check(bench, await smallPackage("OBSERVER", narrow));
		expect(outcomes(found, "fail")).toEqual(["declared"]);
		const { reason, evidence } = found.get("declared")!;
		expect(reason).toMatchObject({
			code: "too-narrow",
			message: expect.stringMatching(/is refused with EPERM; missing: map\/hash, program\/socket_filter$/),
			hint: expect.stringMatching(
				/add the missing grants to \/token\/maps, \/token\/programs .*libbpf first probes with a socket filter/,
			),
		});
		expect(evidence.missing).toEqual(["map/hash", "program/socket_filter"]);
		expect(found.get("without-command/prog_load")).toMatchObject({
			outcome: "skip",
			reason: { code: "not-loaded" },
		});
	});

	it("advises a program with pointer arithmetic, which needs cap_perfmon, to use dynptrs", async () => {
		const more = { ...filterToken, capabilities: ["cap_net_admin", "cap_perfmon", "cap_bpf"] };
		const { reason } = await withTrials(bench, await smallPackage("FILTER", filterToken), declaredFinding);
		expect(reason?.message).toMatch(/missing: capability\/cap_perfmon$/);
		expect(reason?.hint).toMatch(/read the packet through a dynptr/);
		await withTrials(bench, await smallPackage("FILTER", more), async (trials) => {
			expect((await declaredFinding(trials)).outcome).toBe("pass");
			const without = await withoutFinding(trials, perfmon);
			expect(without).toMatchObject({
				outcome: "pass",
				evidence: { safe: false, weakness: expect.stringMatching(/dynptr/) },
			});
		});

		const bytes = await withTrials(bench, await smallPackage("BYTES", filterToken), declaredFinding);
		expect(bytes.outcome).toBe("pass");
		const needless = await withTrials(bench, await smallPackage("BYTES", more), (trials) =>
			withoutFinding(trials, perfmon),
		);
		expect(needless.reason).toMatchObject({ code: "too-wide" });
	});

	it("gives a package that declares no grant nothing", async () => {
		const found = await check(bench, await smallPackage("OBSERVER", {}));
		expect(outcomes(found, "fail")).toEqual(["declared"]);
		expect(found.get("declared")?.reason?.code).toBe("too-narrow");
		expect(found.get("undeclared")).toMatchObject({
			outcome: "pass",
			evidence: { answers: { "program/kprobe": "EPERM" } },
		});
	});

	it("says that a manifest declares no token, where the check was asked for by name", async () => {
		const pkg = await smallPackage("OBSERVER", {});
		const { token: _, ...manifest } = pkg.manifest;
		const { reason } = await withTrials(bench, { ...pkg, manifest }, declaredFinding);
		expect(reason).toMatchObject({
			code: "token-undeclared",
			message: expect.stringMatching(
				/^the manifest declares no token, and without one object \S+ is refused with EPERM; missing: command\/map_create, /,
			),
		});
	});

	it("runs vectors as the user with the token", async () => {
		const pkg = await openPackage("programs/xdp-filter");
		pkg.manifest.token = {
			commands: ["map_create", "prog_load"],
			maps: ["hash", "array", "percpu_array", "lpm_trie"],
			programs: ["socket_filter", "xdp"],
			attachments: ["cgroup_inet_ingress", "xdp"],
			capabilities: ["cap_net_admin", "cap_perfmon", "cap_bpf"],
		};
		await withTrials(bench, pkg, async (trials) => {
			const declared = await declaredFinding(trials);
			expect(declared.outcome).toBe("pass");
			expect(declared.evidence.vectors_passed).toBeGreaterThan(10);
			const { evidence } = await withoutFinding(trials, { kind: "attachments", name: "xdp" });
			// The program for fragmented packets is loaded only for its vectors.
			expect(evidence.without).toMatch(/^vector filter\/jumbo-\S+ does not pass: its program does not load/);
		});
	});

	it("runs the vectors of an object with a perf event array, but those that expect its events", async () => {
		const vectors = `
object: EVENTS.bpf.o
vectors:
  - name: verdict
    program: filter
    packet: { layers: [ { eth: {} }, { ipv4: {} } ] }
    expect: { retval: TC_ACT_OK }
  - name: event
    program: filter
    packet: { layers: [ { eth: {} }, { ipv4: {} } ] }
    expect: { events: { events: [ { hex: "01000000" } ] } }
`;
		const pkg = await smallPackage("EVENTS", { ...filterToken, maps: ["hash", "perf_event_array"] }, vectors);
		await withTrials(bench, pkg, async (trials) => {
			const { outcome, evidence } = await declaredFinding(trials);
			expect(outcome).toBe("pass");
			expect(evidence).toMatchObject({
				vectors_passed: 1,
				vectors_with_perf_events: ["vectors/event"],
			});
		});
	});

	it("fails kernel-promises where the kernel breaks a promise about tokens", async () => {
		const promise: KernelPromise = {
			name: "token-closed-after-use",
			promise: "nothing more is allowed",
			expected: "EPERM when another map is created",
			seen: "done",
			kept: false,
			evidence: {},
		};
		const workbench = { ...bench.workbench, promises: async () => [promise] };
		const pkg = await smallPackage("OBSERVER", {});
		const found: Finding[] = [];
		for await (const finding of tokenCheck.create(contextOf([pkg])).run(pkg, workbench)) found.push(finding);
		expect(found.at(-1)).toMatchObject({
			case: "kernel-promises",
			outcome: "fail",
			reason: {
				code: "token-promise",
				message:
					"kernel 7.3 breaks a promise: nothing more is allowed: expected EPERM when another map is created, found done",
			},
		});
	});

	it("does not take a lost process for a refusal", async () => {
		const trials = await PackageTrials.open(await smallPackage("OBSERVER", observerToken), bench.workbench);
		await trials.widest();
		const user = await trials.declaredUser();
		const lost = { code: "user-lost", message: expect.stringContaining("with signal 11") };
		await expect(user.call("misbehave", { how: "crash" })).rejects.toMatchObject(lost);
		await expect(withoutFinding(trials, { kind: "maps", name: "hash" })).rejects.toMatchObject(lost);
		await trials.close();
	});
});

it("skips every case on a kernel without tokens", async () => {
	await using bench = await testbench("6.1");
	const pkg = await smallPackage("OBSERVER", observerToken);
	const found = await bench.check(pkg, tokenCheck);
	expect(outcomes(found, "skip")).toEqual(tokenCheck.create(contextOf([])).cases(pkg));
	expect(found.get("declared")?.reason).toMatchObject({
		code: "feature-unsupported",
		message: "kernel 6.1 has no BPF tokens: bpf(2) has no BPF_TOKEN_CREATE",
	});
});
