// SPDX-License-Identifier: Apache-2.0

import { existsSync } from "node:fs";
import { machine } from "node:os";
import { libxdpPath } from "../../checks/chain/dispatcher/libxdp.js";
import { dispatcherLack } from "../../checks/chain/mechanisms/dispatcher.js";
import { rootLack } from "../../checks/chain/mechanisms/root-hook.js";
import { clsactLack } from "../../checks/chain/mechanisms/tc.js";
import { type ChainMechanism, mechanismFacts } from "../../data/package/sections/chain-hooks.js";
import type { Workbench } from "../../lab/check.js";
import type { KernelQuestion } from "../../lab/kernel-question.js";
import type { KernelPromise } from "../../lab/promise.js";
import type { Lack } from "../../machine/features/missing.js";
import type { Guest } from "../../machine/vm/guest.js";
import { hookOrder, hookOrderNames } from "./hook-order.js";
import { cgroupTrial, deviceListTrial, dispatcherTrial, filterTrial, tailCallTrial } from "./limit-trials.js";
import { type Beyond, type LimitTrial, limitPromise, memberLimit } from "./max-members.js";
import { tailCallPromiseNames, tailCallPromises } from "./tail-call-promises.js";

/** One mechanism on one family of hooks. */
interface MemberHook {
	mechanism: ChainMechanism;
	hook: string;
	beyond: Beyond;
	lack(bench: Workbench): Promise<Lack | undefined>;
	open(guest: Guest): Promise<LimitTrial>;
}

const tailCall = (hook: "xdp" | "tc_ingress"): MemberHook => ({
	...{ mechanism: "tail_call", hook, beyond: "not-run" },
	lack: (bench) => rootLack(hook, bench),
	open: (guest) => tailCallTrial(guest, hook),
});
const deviceList = (mechanism: "tcx" | "netkit", hook: "tcx_ingress" | "netkit_primary"): MemberHook => ({
	...{ mechanism, hook, beyond: "refused" },
	lack: (bench) => bench.lack(`attach_type:${hook}`),
	open: (guest) => deviceListTrial(guest, hook),
});
const cgroup = (
	hook: "cgroup_connect4" | "cgroup_skb_egress" | "cgroup_setsockopt",
	attachType: string,
): MemberHook => ({
	...{ mechanism: "cgroup", hook, beyond: "refused" },
	lack: (bench) => bench.lack(`attach_type:${attachType}`),
	open: (guest) => cgroupTrial(guest, hook),
});

const hooks: readonly MemberHook[] = [
	...[tailCall("xdp"), tailCall("tc_ingress")],
	{
		...{ mechanism: "dispatcher", hook: "xdp", beyond: "refused", open: dispatcherTrial },
		lack: dispatcherLack,
	},
	{ mechanism: "tc", hook: "tc_ingress", beyond: "run", lack: clsactLack, open: filterTrial },
	...[deviceList("tcx", "tcx_ingress"), deviceList("netkit", "netkit_primary")],
	...[
		cgroup("cgroup_connect4", "cgroup_inet4_connect"),
		cgroup("cgroup_skb_egress", "cgroup_inet_egress"),
		cgroup("cgroup_setsockopt", "cgroup_setsockopt"),
	],
];

/** Without libxdp there is no dispatcher to ask about; it is asked about when libxdp is built. */
const asked = (): readonly MemberHook[] =>
	hooks.filter(({ mechanism }) => mechanism !== "dispatcher" || existsSync(libxdpPath(machine())));
const nameOf = ({ mechanism, hook }: MemberHook) => `max-members/${mechanism}/${hook}`;

/** The limit of tail calls, of programs on a hook, and the order in which a packet passes hooks. */
export const chainsQuestion: KernelQuestion = {
	area: "chains",
	summary: "tail calls, how many programs a hook takes, and the order of hooks",
	version: 1,
	names: () => [...tailCallPromiseNames(), ...asked().map(nameOf), ...hookOrderNames],
	async *run(bench) {
		yield* tailCallPromises(await bench.guest());
		for (const hook of asked()) yield await maxMembers(hook, bench);
		yield* hookOrder(bench);
	},
};

async function maxMembers(hook: MemberHook, bench: Workbench): Promise<KernelPromise> {
	const { mechanism, beyond } = hook;
	const lack = await hook.lack(bench);
	const allowed = { most: mechanismFacts[mechanism].maxMembers, beyond };
	const found = lack
		? { lack: lack.message }
		: await memberLimit(allowed, await hook.open(await bench.guest()));
	return limitPromise(nameOf(hook), allowed, found);
}
