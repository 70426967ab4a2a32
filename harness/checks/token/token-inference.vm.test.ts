// SPDX-License-Identifier: Apache-2.0
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { openPackage, type Package } from "../../data/package/package.js";
import { testbench } from "../../lab/subject/session/testsession.js";
import { grantsOf, settingsOf, without } from "./model/delegation.js";
import { filterToken, observerToken, replacingPackage, smallPackage } from "./testtokens.js";
import { areEnough, inferToken } from "./token-inference.js";

type Bench = Awaited<ReturnType<typeof testbench>>;

describe.each(["6.12", "7.3"])("the smallest token on %s", (id) => {
	let bench: Bench;
	beforeAll(async () => {
		bench = await testbench(id);
	});
	afterAll(() => bench[Symbol.asyncDispose]());
	const inferred = (pkg: Package) => inferToken(pkg, bench.workbench);

	it("is found without a manifest, is what the object needs, and works in a fresh guest", async () => {
		const before = await bench.inventory();
		const pkg = { ...(await smallPackage("OBSERVER", {})), manifest: bare };
		const { smallest, trials, ms } = await inferred(pkg);
		expect(settingsOf(smallest!)).toEqual(observerToken);
		expect(trials).toBeLessThan(20);
		expect(ms).toBeGreaterThan(0);
		expect(await bench.inventory()).toEqual(before);
		await using fresh = await testbench(id);
		const less = grantsOf(smallest!).map((grant) => without(smallest!, grant));
		const answers = await areEnough(pkg, fresh.workbench, [smallest!, ...less]);
		expect(answers).toEqual([true, ...less.map(() => false)]);
	});
});

const bare = { name: "small", version: "1", objects: ["OBSERVER.bpf.o"] };

describe("what is inferred on 7.3", () => {
	let bench: Bench;
	beforeAll(async () => {
		bench = await testbench("7.3");
	});
	afterAll(() => bench[Symbol.asyncDispose]());
	const inferred = (pkg: Package) => inferToken(pkg, bench.workbench);

	it("keeps the declared grants that are needed, from a token too wide, too narrow or any", async () => {
		for (const token of [
			{ ...observerToken, programs: ["socket_filter", "raw_tracepoint", "xdp"], maps: ["any"] },
			{ commands: ["prog_load"], programs: ["raw_tracepoint"] },
		]) {
			const { smallest } = await inferred(await smallPackage("OBSERVER", token));
			expect(settingsOf(smallest!)).toEqual(observerToken);
		}
		const { smallest } = await inferred(await smallPackage("BYTES", filterToken));
		expect(settingsOf(smallest!)).toEqual(filterToken);
	});

	it("is found for several programs with vectors, without a manifest", async () => {
		const { smallest } = await inferred(await openPackage("programs/cgroup-connect-guard"));
		expect(smallest?.programs).toEqual(["socket_filter", "cgroup_skb", "cgroup_sock_addr"]);
		// libbpf loads cgroup_skb/egress with attach type zero.
		expect(smallest?.attachments).toEqual([
			"cgroup_inet_ingress",
			"cgroup_inet4_connect",
			"cgroup_inet6_connect",
		]);
	});

	it("has what a program that replaces a function of another object needs, and no more", async () => {
		const pkg = await replacingPackage({});
		const { smallest } = await inferred(pkg);
		expect(smallest?.programs).toEqual(["socket_filter", "xdp", "ext"]);
		expect(smallest?.commands).toEqual(["map_create", "prog_load", "btf_load", "btf_get_fd_by_id"]);
		// It lets its user do what the other two would.
		expect(smallest?.capabilities).toEqual(["cap_sys_admin", "cap_bpf"]);
		const less = grantsOf(smallest!).map((grant) => without(smallest!, grant));
		const answers = await areEnough(pkg, bench.workbench, [smallest!, ...less]);
		expect(answers).toEqual([true, ...less.map(() => false)]);
	});

	it("has the index of a struct_ops member as an attach type, as in the kernel", async () => {
		const { smallest } = await inferred(await openPackage("programs/tcp-aimd"));
		expect(smallest?.programs).toContain("struct_ops");
		expect(smallest?.attachments).toContain("cgroup_inet6_bind");
	});

	it("is not found where nothing loads", async () => {
		const { smallest, reason } = await inferred(await openPackage("programs/bad-out-of-bounds"));
		expect(smallest).toBeUndefined();
		expect(reason).toMatchObject({ code: "not-loaded" });
	});
});

it("no token is found on a kernel without tokens", async () => {
	await using old = await testbench("6.1");
	const pkg = await smallPackage("OBSERVER", observerToken);
	expect(await inferToken(pkg, old.workbench)).toMatchObject({ reason: { code: "feature-unsupported" } });
});
