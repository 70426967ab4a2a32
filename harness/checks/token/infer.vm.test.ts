// SPDX-License-Identifier: Apache-2.0
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { openPackage, type Package } from "../../package/package.js";
import { grantsOf, settingsOf, without } from "../../token/delegation.js";
import { testbench } from "../vectors/testbench.js";
import { areEnough, inferToken } from "./infer.js";
import { filterToken, observerToken, smallPackage } from "./testpackage.js";

type Bench = Awaited<ReturnType<typeof testbench>>;

describe.each(["6.12", "7.3"])("the smallest token on %s", (id) => {
	let bench: Bench;
	beforeAll(async () => {
		bench = await testbench(id);
	});
	afterAll(() => bench[Symbol.asyncDispose]());
	const inferred = (pkg: Package) => inferToken(pkg, bench.workbench);

	it("is found without a manifest, and is what the object is known to need", async () => {
		const before = await bench.inventory();
		const { smallest, trials } = await inferred({ ...(await smallPackage("OBSERVER", {})), manifest: bare });
		expect(settingsOf(smallest!)).toEqual(observerToken);
		expect(trials).toBeLessThan(40);
		expect(await bench.inventory()).toEqual(before);
	});

	it("keeps of a manifest what is needed, whatever is too much, too little or any", async () => {
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

	it("works in a fresh guest, and with any one part less it does not", async () => {
		const pkg = await openPackage("programs/cgroup-connect-guard");
		const { smallest, ms } = await inferred(pkg);
		expect(smallest).toBeDefined();
		expect(ms).toBeGreaterThan(0);
		await using fresh = await testbench(id);
		const less = grantsOf(smallest!).map((grant) => without(smallest!, grant));
		const answers = await areEnough(pkg, fresh.workbench, [smallest!, ...less]);
		expect(answers).toEqual([true, ...less.map(() => false)]);
	});
});

const bare = { name: "small", version: "1", objects: ["OBSERVER.bpf.o"] };

it("takes the number of a member of a struct_ops for an attach type, as the kernel does", async () => {
	await using bench = await testbench("7.3");
	const { smallest } = await inferToken(await openPackage("programs/tcp-aimd"), bench.workbench);
	expect(smallest?.programs).toContain("struct_ops");
	expect(smallest?.attachments).toContain("cgroup_inet6_bind");
});

it("there is none on a kernel without tokens, nor where nothing loads", async () => {
	await using old = await testbench("6.1");
	const pkg = await smallPackage("OBSERVER", observerToken);
	expect(await inferToken(pkg, old.workbench)).toMatchObject({ reason: { code: "feature-unsupported" } });
	await using bench = await testbench("7.3");
	const broken = await openPackage("programs/bad-out-of-bounds");
	const { smallest, reason } = await inferToken(broken, bench.workbench);
	expect(smallest).toBeUndefined();
	expect(reason).toMatchObject({ code: "not-loaded" });
});
