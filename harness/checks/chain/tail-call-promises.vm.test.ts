// SPDX-License-Identifier: Apache-2.0
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { agentPath } from "../../machine/guest/build.js";
import { openKernel } from "../../machine/kernel/store.js";
import type { Guest } from "../../machine/vm/guest.js";
import { Machines } from "../../machine/vm/machine.js";
import { type TailCallPromise, tailCallPromises } from "./tail-call-promises.js";

const machines = new Machines({ agent: agentPath });
/** What kernels were seen to break, by what they answered; all else is kept. */
const broken: Record<string, Record<string, string>> = {
	"5.10": {
		"return-by-function": "0 returned; 33 runs",
		"limit-by-two-functions": "1 returned; 71 runs",
		"limit-of-branches": "1 returned; 33 runs; 33 of the other program",
		"limit-of-traced-function": "40 returned; 40 runs; 39 seen by fentry",
	},
	"6.12": {
		"return-by-function": "0 returned; 33 runs",
		"in-callback": "taken",
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

describe.each(Object.keys(broken))("what is promised of tail calls, on %s", (id) => {
	let guest: Guest;
	beforeAll(async () => {
		guest = await machines.clone(await openKernel(id));
	});
	afterAll(() => guest.dispose());

	const names = (promises: TailCallPromise[]) => promises.map(({ name }) => name);

	it("is kept, or seen not to be", async () => {
		const promises = await tailCallPromises(guest, true);
		expect(names(promises).toSorted()).toEqual([...mixed, ...unmixed].toSorted());
		const lacking = promises.filter(({ lack }) => lack !== undefined);
		// No callbacks before 5.13.
		expect(names(lacking)).toEqual(id === "5.10" ? ["beside-callback", "in-callback"] : []);
		const tried = promises.filter(({ lack }) => lack === undefined);
		const differing = tried.filter(({ expected, found }) => expected !== found);
		expect(Object.fromEntries(differing.map(({ name, found }) => [name, found]))).toEqual(broken[id]);
	});

	it("cannot be tried of mixed programs without a JIT, which the verifier refuses", async () => {
		const setting = (value: string) =>
			guest.client.call("file_write", {
				...{ path: "/proc/sys/net/core/bpf_jit_enable", data: Buffer.from(value) },
			});
		await setting("0");
		const promises = await tailCallPromises(guest, true);
		await setting("1");
		const lacking = promises.filter(({ lack }) => lack !== undefined);
		expect(names(lacking).toSorted()).toEqual(mixed.toSorted());
		const functions = lacking.filter(({ name }) => name.startsWith("limit-"));
		for (const { lack } of functions) expect(lack).toMatch(/EINVAL: .*tail_calls.*bpf-to-bpf calls/);
		const rest = promises.filter(({ lack }) => lack === undefined);
		expect(rest.filter(({ expected, found }) => expected !== found)).toEqual([]);
	});
});
