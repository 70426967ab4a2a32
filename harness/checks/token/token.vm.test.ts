// SPDX-License-Identifier: Apache-2.0
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { openPackage } from "../../package/package.js";
import type { Finding } from "../check.js";
import { testbench } from "../vectors/testbench.js";
import { filterToken, observerToken, replacingPackage, replacingToken, smallPackage } from "./testpackage.js";
import { tokenCheck } from "./token.js";

type Bench = Awaited<ReturnType<typeof testbench>>;
const outcomes = (found: Map<string, Finding>, outcome: string) =>
	[...found.values()].filter((finding) => finding.outcome === outcome).map((finding) => finding.case);

describe.each(["6.12", "7.3"])("the token check on %s", (id) => {
	let bench: Bench;
	beforeAll(async () => {
		bench = await testbench(id);
	});
	afterAll(() => bench[Symbol.asyncDispose]());
	const check = async (pkg: Awaited<ReturnType<typeof smallPackage>>) => {
		const before = await bench.inventory();
		const found = await bench.check(pkg, tokenCheck);
		expect(await bench.inventory()).toEqual(before);
		expect([...found.keys()]).toEqual(tokenCheck.cases(pkg));
		return found;
	};

	it("passes a package that declares what it needs, case by case, and leaves nothing behind", async () => {
		const found = await check(await smallPackage("OBSERVER", observerToken));
		// 6.12 tells nothing of a token.
		const told = id === "6.12" ? ["info"] : [];
		expect(outcomes(found, "skip")).toEqual(told);
		expect(outcomes(found, "pass")).toEqual([...found.keys()].filter((name) => !told.includes(name)));
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
	});

	it("tells what is too much, grant by grant", async () => {
		const wide = {
			...observerToken,
			commands: ["map_create", "prog_load", "btf_load", "token_create"],
			maps: ["any"],
			programs: ["socket_filter", "raw_tracepoint", "xdp"],
			capabilities: ["cap_net_admin", "cap_perfmon", "cap_bpf"],
		};
		const found = await check(await smallPackage("OBSERVER", wide));
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
		const found = await check(await smallPackage("OBSERVER", narrow));
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
		const found = await check(await smallPackage("FILTER", filterToken));
		const { reason } = found.get("declared")!;
		expect(reason?.message).toMatch(/what it lacks is capability\/cap_perfmon$/);
		expect(reason?.hint).toMatch(/reads the packet through a dynptr/);
		const perfmon = { ...filterToken, capabilities: ["cap_net_admin", "cap_perfmon", "cap_bpf"] };
		const enough = await check(await smallPackage("FILTER", perfmon));
		expect(outcomes(enough, "fail")).toEqual([]);
		expect(enough.get("without-capability/cap_perfmon")?.evidence).toMatchObject({
			safe: false,
			weakness: expect.stringMatching(/dynptr/),
		});

		const bytes = await check(await smallPackage("BYTES", filterToken));
		expect(outcomes(bytes, "fail")).toEqual([]);
		const more = await check(await smallPackage("BYTES", perfmon));
		expect(outcomes(more, "fail")).toEqual(["without-capability/cap_perfmon"]);
	});

	it("tells what no token grants", async () => {
		const found = await check(await smallPackage("WRITER", observerToken));
		const { reason } = found.get("declared")!;
		// 7.3 asks for a capability in the user namespace, 6.12 for one in the first.
		if (id === "6.12")
			expect(reason).toMatchObject({
				code: "token-cannot-grant",
				message: expect.stringMatching(/^observe loads as root of the machine and with no token whatever/),
			});
		else expect(reason?.message).toMatch(/what it lacks is capability\/cap_sys_admin$/);
	});

	it("a function is replaced with a token where the kernel asks one for the types of another program", async () => {
		const found = await check(await replacingPackage(replacingToken));
		if (id === "6.12") {
			expect(found.get("declared")?.reason).toMatchObject({ code: "token-cannot-grant" });
			return;
		}
		expect(found.get("declared")?.outcome).toBe("pass");
		expect(found.get("declared")?.evidence.attached).toContain("replacement");
		expect(found.get("without-command/btf_get_fd_by_id")?.outcome).toBe("pass");
		expect(found.get("without-command/btf_load")?.outcome).toBe("pass");
		expect(found.get("without-program/ext")?.outcome).toBe("pass");
	});

	it("nothing declared is nothing granted", async () => {
		const found = await check(await smallPackage("OBSERVER", {}));
		expect(outcomes(found, "fail")).toEqual(["declared"]);
		expect(found.get("undeclared/program/kprobe")?.outcome).toBe("pass");
		expect(found.get("dropped")).toMatchObject({ outcome: "skip", reason: { code: "token-without-use" } });
	});
});

it("runs vectors as the user with the token", async () => {
	await using bench = await testbench("7.3");
	const pkg = await openPackage("programs/xdp-filter");
	pkg.manifest.token = {
		commands: ["map_create", "prog_load"],
		maps: ["hash", "array", "percpu_array", "lpm_trie"],
		programs: ["socket_filter", "xdp"],
		attachments: ["cgroup_inet_ingress", "xdp"],
		capabilities: ["cap_net_admin", "cap_perfmon", "cap_bpf"],
	};
	const found = await bench.check(pkg, tokenCheck);
	expect(outcomes(found, "fail")).toEqual([]);
	// The program for packets in fragments is loaded for its vectors alone.
	expect(found.get("without-attachment/xdp")?.evidence.without).toMatch(
		/^vector filter\/jumbo-\S+ does not pass: its program does not load/,
	);
	expect(found.get("declared")?.evidence.vectors_passed).toBeGreaterThan(10);
});

it("a kernel without tokens has every case skipped, with the reason", async () => {
	await using bench = await testbench("6.1");
	const pkg = await smallPackage("OBSERVER", observerToken);
	const found = await bench.check(pkg, tokenCheck);
	expect(outcomes(found, "skip")).toEqual(tokenCheck.cases(pkg));
	expect(found.get("declared")?.reason).toMatchObject({
		code: "feature-unsupported",
		message: "kernel 6.1 has no BPF tokens: bpf(2) knows no BPF_TOKEN_CREATE",
	});
});
