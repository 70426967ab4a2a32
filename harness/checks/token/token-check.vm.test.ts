// SPDX-License-Identifier: Apache-2.0

import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { openPackage, type Package } from "../../data/package/package.js";
import type { Finding } from "../../lab/check.js";
import { testbench } from "../../lab/subject/session/testsession.js";
import { contextOf } from "../../lab/testbench.js";
import { declaredOutcome, withoutOutcome } from "./declared-token.js";
import type { Grant } from "./model/delegation.js";
import { TokenScene } from "./package-trials.js";
import { filterToken, observerToken, replacingPackage, replacingToken, smallPackage } from "./testtokens.js";
import { tokenCheck } from "./token-check.js";
import { infoOutcome, toldByProc } from "./told.js";

type Bench = Awaited<ReturnType<typeof testbench>>;
const outcomes = (found: Map<string, Finding>, outcome: string) =>
	[...found.values()].filter((finding) => finding.outcome === outcome).map((finding) => finding.case);

/** The whole check, after which the guest is as it was. */
async function check(bench: Bench, pkg: Package): Promise<Map<string, Finding>> {
	const before = await bench.inventory();
	const found = await bench.check(pkg, tokenCheck);
	expect(await bench.inventory()).toEqual(before);
	expect([...found.keys()]).toEqual(tokenCheck.create(contextOf([])).cases(pkg));
	return found;
}

/** Single cases of it, after which the guest is as it was too. */
async function inScene<T>(bench: Bench, pkg: Package, work: (scene: TokenScene) => Promise<T>): Promise<T> {
	const before = await bench.inventory();
	const scene = await TokenScene.open(pkg, bench.workbench);
	try {
		return await work(scene);
	} finally {
		await scene.close();
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
		expect(found.get("group-mount")?.evidence.steps).toEqual([
			{ what: expect.stringMatching(/a member of the group/), answer: "done" },
			{ what: expect.stringMatching(/somebody who is none/), answer: "EACCES" },
		]);
		// bpf(2) tells nothing of a token on 6.12.
		expect(found.get("info")?.evidence).toMatchObject({
			by: id === "6.12" ? "/proc/<pid>/fdinfo" : "BPF_OBJ_GET_INFO_BY_FD",
			told: [{ told: "0x21" }, { told: "0x2" }, { told: "0x20002" }, { told: "0x1" }],
		});
	});

	it("tells what no token grants", async () => {
		const { reason } = await inScene(bench, await smallPackage("WRITER", observerToken), declaredOutcome);
		// 7.3 asks for a capability in the user namespace, 6.12 for one in the first.
		if (id === "6.12")
			expect(reason).toMatchObject({
				code: "token-cannot-grant",
				message: expect.stringMatching(/^observe loads as root of the machine and with no token whatever/),
			});
		else expect(reason?.message).toMatch(/what it lacks is capability\/cap_sys_admin$/);
	});

	it("a function is replaced with a token where the kernel asks one for the types of another program", async () => {
		await inScene(bench, await replacingPackage(replacingToken), async (scene) => {
			const declared = await declaredOutcome(scene);
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
				expect((await withoutOutcome(scene, grant)).outcome).toBe("pass");
		});
	});
});

describe("the token check", () => {
	let bench: Bench;
	beforeAll(async () => {
		bench = await testbench("7.3");
	});
	afterAll(() => bench[Symbol.asyncDispose]());

	it("tells what is too much, grant by grant", async () => {
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
			message: "program/xdp is declared, and the package works without it",
		});
		expect(found.get("without-map/any")?.reason?.message).toBe(
			"all maps are declared, and of them hash is enough",
		);
		expect(found.has("undeclared/program/xdp")).toBe(false);
	});

	it("tells what is too little, and finds what is missing", async () => {
		const narrow = { ...observerToken, maps: [], programs: ["raw_tracepoint"] };
		const found = await check(bench, await smallPackage("OBSERVER", narrow));
		expect(outcomes(found, "fail")).toEqual(["declared"]);
		const { reason, evidence } = found.get("declared")!;
		expect(reason).toMatchObject({
			code: "too-narrow",
			message: expect.stringMatching(
				/is refused with EPERM; what it lacks is map\/hash, program\/socket_filter$/,
			),
			hint: expect.stringMatching(
				/add it to \/token\/maps, \/token\/programs .*libbpf loads a socket filter/,
			),
		});
		expect(evidence.missing).toEqual(["map/hash", "program/socket_filter"]);
		expect(found.get("without-command/prog_load")).toMatchObject({
			outcome: "skip",
			reason: { code: "not-loaded" },
		});
	});

	it("a program that works with pointers needs cap_perfmon, and its author is told of a way without", async () => {
		const more = { ...filterToken, capabilities: ["cap_net_admin", "cap_perfmon", "cap_bpf"] };
		const { reason } = await inScene(bench, await smallPackage("FILTER", filterToken), declaredOutcome);
		expect(reason?.message).toMatch(/what it lacks is capability\/cap_perfmon$/);
		expect(reason?.hint).toMatch(/reads the packet through a dynptr/);
		await inScene(bench, await smallPackage("FILTER", more), async (scene) => {
			expect((await declaredOutcome(scene)).outcome).toBe("pass");
			const without = await withoutOutcome(scene, perfmon);
			expect(without).toMatchObject({
				outcome: "pass",
				evidence: { safe: false, weakness: expect.stringMatching(/dynptr/) },
			});
		});

		const bytes = await inScene(bench, await smallPackage("BYTES", filterToken), declaredOutcome);
		expect(bytes.outcome).toBe("pass");
		const needless = await inScene(bench, await smallPackage("BYTES", more), (scene) =>
			withoutOutcome(scene, perfmon),
		);
		expect(needless.reason).toMatchObject({ code: "too-wide" });
	});

	it("nothing declared is nothing granted", async () => {
		const found = await check(bench, await smallPackage("OBSERVER", {}));
		expect(outcomes(found, "fail")).toEqual(["declared"]);
		expect(found.get("declared")?.reason?.code).toBe("too-narrow");
		expect(found.get("undeclared/program/kprobe")?.outcome).toBe("pass");
		expect(found.get("dropped")).toMatchObject({ outcome: "skip", reason: { code: "token-without-use" } });
	});

	it("a manifest without a token is told of as such, where the check is asked for all the same", async () => {
		const pkg = await smallPackage("OBSERVER", {});
		const { token: _, ...manifest } = pkg.manifest;
		const { reason } = await inScene(bench, { ...pkg, manifest }, declaredOutcome);
		expect(reason).toMatchObject({
			code: "token-undeclared",
			message: expect.stringMatching(
				/^the manifest declares no token, and without one object \S+ is refused with EPERM; what it lacks is command\/map_create, /,
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
		await inScene(bench, pkg, async (scene) => {
			const declared = await declaredOutcome(scene);
			expect(declared.outcome).toBe("pass");
			expect(declared.evidence.vectors_passed).toBeGreaterThan(10);
			const { evidence } = await withoutOutcome(scene, { kind: "attachments", name: "xdp" });
			// The program for packets in fragments is loaded for its vectors alone.
			expect(evidence.without).toMatch(/^vector filter\/jumbo-\S+ does not pass: its program does not load/);
		});
	});

	it("what /proc tells of a token is what bpf(2) tells", async () => {
		await inScene(
			bench,
			await smallPackage("OBSERVER", { ...observerToken, maps: ["any"] }),
			async (scene) => {
				const { outcome, evidence } = await infoOutcome(scene);
				expect(outcome).toBe("pass");
				expect(evidence.told).toContainEqual({
					...{ kind: "maps", declared: "0xffffffffffffffff", told: "0xffffffffffffffff" },
				});
				expect(await toldByProc(scene)).toEqual({
					...{ commands: "0x21", maps: "any", programs: "0x20002", attachments: "0x1" },
				});
			},
		);
	});

	it("a user whose process is lost was refused nothing", async () => {
		const scene = await TokenScene.open(await smallPackage("OBSERVER", observerToken), bench.workbench);
		await scene.baseline();
		const user = await scene.declaredUser();
		const lost = { code: "user-lost", message: expect.stringContaining("with signal 11") };
		await expect(user.call("misbehave", { how: "crash" })).rejects.toMatchObject(lost);
		await expect(withoutOutcome(scene, { kind: "maps", name: "hash" })).rejects.toMatchObject(lost);
		await scene.close();
	});
});

it("a kernel without tokens has every case skipped, with the reason", async () => {
	await using bench = await testbench("6.1");
	const pkg = await smallPackage("OBSERVER", observerToken);
	const found = await bench.check(pkg, tokenCheck);
	expect(outcomes(found, "skip")).toEqual(tokenCheck.create(contextOf([])).cases(pkg));
	expect(found.get("declared")?.reason).toMatchObject({
		code: "feature-unsupported",
		message: "kernel 6.1 has no BPF tokens: bpf(2) knows no BPF_TOKEN_CREATE",
	});
});
