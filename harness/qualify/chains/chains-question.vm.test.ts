// SPDX-License-Identifier: Apache-2.0
import { afterAll, expect, it } from "vitest";
import { createLab } from "../../lab/lab.js";
import { broken } from "../../lab/promise.js";
import { openKernel } from "../../machine/kernel/store.js";
import { answersOf } from "../qualification.js";
import { chainsQuestion } from "./chains-question.js";
import { packetOrder, packetPaths } from "./hook-order.js";
import { deviceListTrial } from "./limit-trials.js";
import { limitPromise, memberLimit } from "./max-members.js";

const lab = createLab({ signal: new AbortController().signal });
afterAll(() => lab[Symbol.asyncDispose]());

const noTcx = [
	...["max-members/tcx/tcx_ingress", "max-members/netkit/netkit_primary"],
	...["hook-order/egress", "hook-order/netkit-primary", "hook-order/netkit-peer"],
	...["hook-order/after-tcx-pass", "hook-order/after-unknown-tcx-verdict"],
];

it.each<[string, { broken: string[]; lacking: string[] }]>([
	[
		"5.10",
		{
			broken: [
				...["return-by-function", "limit-by-two-functions", "limit-of-branches", "limit-of-traced-function"],
			],
			lacking: ["tail_call/beside-callback", ...noTcx, "hook-order/cgroup-preorder"],
		},
	],
	["6.12", { broken: ["return-by-function"], lacking: [] }],
	["7.3", { broken: [], lacking: [] }],
])("%s answers every promise of chains", async (id, known) => {
	const kernel = await openKernel(id);
	const answers = await lab.withBench(kernel, (bench) => answersOf(chainsQuestion, bench));
	expect(answers.map(({ name }) => name)).toEqual(chainsQuestion.names());
	const lacking = answers.filter(({ lack }) => lack !== undefined);
	expect(lacking.map(({ name }) => name).toSorted()).toEqual(known.lacking.toSorted());
	expect(broken(answers).map(({ name, seen }) => `${name}: ${seen}`)).toEqual(
		known.broken.map((name) => expect.stringMatching(`^tail_call/${name}: `)),
	);
});

it("a hook that runs fewer programs breaks the promise", async () => {
	const kernel = await openKernel("6.12");
	const limit = await lab.withBench(kernel, async (bench) => {
		const trial = await deviceListTrial(await bench.guest(), "tcx_ingress");
		const most = 64;
		return memberLimit({ most, beyond: "refused" }, trial);
	});
	expect(limitPromise("max-members/tcx", limit, limit)).toMatchObject({
		...{ expected: "64 attached, 64 run; one more is refused", kept: false },
		seen: "63 attached, 63 run; the next is refused (ERANGE)",
	});
});

it("hooks in another order break the promise", async () => {
	const kernel = await openKernel("6.12");
	const [ingress] = packetPaths;
	const turned = {
		...ingress!,
		open: async (...[guest]: Parameters<NonNullable<typeof ingress>["open"]>) => {
			const { device, lists } = await ingress!.open(guest);
			return { device, lists: lists.toReversed() };
		},
	};
	const answer = await lab.withBench(kernel, async (bench) => packetOrder(await bench.guest(), turned));
	expect(answer).toMatchObject({
		...{ expected: "clsact, tcx, xdp", seen: "xdp, tcx, clsact", kept: false },
	});
});
