// SPDX-License-Identifier: Apache-2.0
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { KernelPromise } from "../../lab/promise.js";
import { agentPath } from "../../machine/guest/build.js";
import { openKernel } from "../../machine/kernel/store.js";
import type { Guest } from "../../machine/vm/guest.js";
import { Machines } from "../../machine/vm/machine.js";
import { tailCallPromiseNames, tailCallPromises } from "./tail-call-promises.js";

const machines = new Machines({ agent: agentPath });
/** Promises that kernels break, with what was seen; they keep all others. */
const broken: Record<string, Record<string, string>> = {
	"5.10": {
		"return-by-function": "a return value of 0 after 33 runs",
		"limit-by-two-functions": "a return value of 1 after 71 runs",
		"limit-of-branches": "a return value of 1 after 33 runs and 33 of the other program",
		"limit-of-traced-function": "a return value of 40 after 40 runs, 39 of them seen by fentry",
	},
	"6.12": {
		"return-by-function": "a return value of 0 after 33 runs",
		"in-callback": "accepted",
	},
	"7.3": {},
};
const mixed = [
	"limit-by-function",
	"return-by-function",
	"limit-into-function",
	"limit-by-two-functions",
	"limit-of-branches",
	"limit-of-traced-function",
	"beside-callback",
	"deep-stack",
	"in-callback",
];
const unmixed = [
	"limit",
	"limit-of-computed-slots",
	"empty-slot",
	"slot-beyond",
	"under-lock",
	"with-reference",
	"other-type",
];

describe.each(Object.keys(broken))("promises of tail calls, on %s", (id) => {
	let guest: Guest;
	beforeAll(async () => {
		guest = await machines.clone(await openKernel(id));
	});
	afterAll(() => guest.dispose());

	const ask = async () => {
		const promises: KernelPromise[] = [];
		for await (const promise of tailCallPromises(guest, true)) promises.push(promise);
		expect(promises.map(({ name }) => name)).toEqual(tailCallPromiseNames(true));
		return promises.map((promise) => ({ ...promise, name: promise.name.slice("tail_call/".length) }));
	};
	const names = (promises: { name: string }[]) => promises.map(({ name }) => name).toSorted();

	it("are kept, except for the known ones", async () => {
		const promises = await ask();
		expect(names(promises)).toEqual([...mixed, ...unmixed].toSorted());
		const lacking = promises.filter(({ lack }) => lack !== undefined);
		// No callbacks before 5.13.
		expect(names(lacking)).toEqual(id === "5.10" ? ["beside-callback", "in-callback"] : []);
		const differing = promises.filter(({ kept }) => kept === false);
		expect(Object.fromEntries(differing.map(({ name, seen }) => [name, seen]))).toEqual(broken[id]);
	});

	it("cannot be tried with mixed programs without a JIT, because the verifier refuses them", async () => {
		const setting = (value: string) =>
			guest.client.call("file_write", {
				...{ path: "/proc/sys/net/core/bpf_jit_enable", data: Buffer.from(value) },
			});
		await setting("0");
		const promises = await ask();
		await setting("1");
		const lacking = promises.filter(({ lack }) => lack !== undefined);
		expect(names(lacking)).toEqual(mixed.toSorted());
		const functions = lacking.filter(({ name }) => name.startsWith("limit-"));
		for (const { lack } of functions) expect(lack).toMatch(/EINVAL: .*tail_calls.*bpf-to-bpf calls/);
		expect(promises.filter(({ kept }) => kept === false)).toEqual([]);
	});
});
