// SPDX-License-Identifier: Apache-2.0
import type { CaseResult } from "../base/results.js";
import type { Package } from "../data/package/package.js";
import type { Check, Finding } from "../lab/check.js";
import type { Lab } from "../lab/lab.js";
import type { GuestClient } from "../machine/guest/client.js";
import type { OperationName } from "../machine/guest/operations.js";
import type { Kernel } from "../machine/kernel/kernel.js";
import type { Guest, Splat } from "../machine/vm/guest.js";
import { run } from "../run/run.js";

/** A call to a guest, at the time when the check makes it. */
export interface Moment {
	op: OperationName;
	args: Readonly<Record<string, unknown>>;
	/** The call asks what is left in the guest at the end of a group of cases. */
	isSettling: boolean;
	/** This call's number among all calls of the cell, of as many as an undisturbed run makes. */
	call: number;
	calls: number;
	/** Cases of the check that have no finding yet. */
	open: number;
}

/** Something that goes wrong once, at the first moment that suits. */
export interface Disturbance {
	title: string;
	/** False for a disturbance of the findings alone. */
	when(moment: Moment): boolean;
	/** In place of the call: throws, or changes what the guest answers. */
	happens(answer: () => Promise<unknown>): Promise<unknown>;
	/** It happens again at each later call to the same guest. */
	lasts?: boolean;
	/** What the guest's console has afterwards. */
	splats?: readonly Splat[];
	/** It happens only to a check that calls a guest after its last case. */
	needsLateCall?: boolean;
	/** The check gives no finding for its first case. */
	swallows?: boolean;
	expected: { outcome: CaseResult["outcome"]; code: string };
}

/** The results of a cell, and the guests that it used. */
export interface DisturbedCell {
	results: CaseResult[];
	calls: number;
	happened: boolean;
	/** Guests that were never ended. */
	alive: number;
}

/** Runs one check on one package with real guests of the lab, and disturbs one guest. */
export async function disturbedCell(
	lab: Lab,
	kernel: Kernel,
	pkg: Package,
	check: Check,
	disturbance?: Disturbance,
	calls = 0,
): Promise<DisturbedCell> {
	const cell: DisturbedCell = { results: [], calls: 0, happened: false, alive: 0 };
	const open = new Set<string>();

	function watched(guest: Guest): Guest {
		let happened = false;
		const isTime = (op: OperationName, args: Moment["args"]): boolean => {
			const moment: Moment = {
				op,
				args,
				isSettling: "settle" in args,
				call: ++cell.calls,
				calls,
				open: open.size,
			};
			if (happened) return disturbance?.lasts === true;
			happened = disturbance !== undefined && !cell.happened && disturbance.when(moment);
			cell.happened ||= happened;
			return happened;
		};
		return {
			...guest,
			client: watchedClient(guest.client, isTime),
			splats: async () => (happened && disturbance?.splats ? [...disturbance.splats] : guest.splats()),
			dispose: async () => {
				cell.alive--;
				await guest.dispose();
			},
		};
	}

	function watchedClient(
		client: GuestClient,
		isTime: (op: OperationName, args: Moment["args"]) => boolean,
	): GuestClient {
		const call: GuestClient["call"] = async (op, args) => {
			const answer = () => client.call(op, args);
			if (!isTime(op, { ...args })) return answer();
			return (await disturbance!.happens(answer)) as Awaited<ReturnType<typeof answer>>;
		};
		const as: GuestClient["as"] = (user) => watchedClient(client.as(user), isTime);
		return Object.assign(Object.create(client) as GuestClient, { call, as });
	}

	const watchedCheck: Check = {
		...check,
		create(context) {
			const inner = check.create(context);
			return {
				...inner,
				async *run(...of) {
					const [first] = inner.cases(pkg);
					for (const name of inner.cases(pkg)) open.add(name);
					for await (const finding of inner.run(...of)) {
						open.delete(finding.case);
						if (disturbance?.swallows && finding.case === first) cell.happened = true;
						else yield finding satisfies Finding;
					}
				},
			};
		},
	};

	const events = run({
		packages: [pkg],
		kernels: [kernel],
		checks: [watchedCheck],
		named: true,
		jobs: 1,
		guests: {
			expect: (expected) => lab.guests.expect(expected),
			async acquire(of) {
				const guest = await lab.guests.acquire(of);
				cell.alive++;
				return watched(guest);
			},
		},
		features: lab.features,
		promises: { kept: async () => [], ask: async () => [] },
		signal: lab.signal,
		host: { bpfgate: "0", accelerator: "tcg", qemu: "0" },
	});
	for await (const event of events) if (event.type === "run-end") cell.results = event.results.results;
	return cell;
}
