// SPDX-License-Identifier: Apache-2.0
import { errnoName } from "../../base/errno.js";
import { undecided } from "../../data/reasons/registry/registry.js";
import type { Guest } from "../../machine/vm/guest.js";
import { Libxdp, type XdpMember } from "../chain/dispatcher/libxdp.js";
import { type HookDevice, hookDevice, onDevice } from "../chain/hook-device.js";
import { constantStandIn, loadOwn, writeOwn } from "../chain/stand-in.js";
import type { Effect } from "./technique.js";
import { type LiveTraffic, packetsFrom, passedXdp } from "./traffic.js";
import { dropping, passing } from "./verdicts.js";

const own = constantStandIn("xdp");

/** A member of libxdp's dispatcher that drops every packet, in a guest for this alone. */
export class DispatcherStage {
	private constructor(
		readonly guest: Guest,
		readonly libxdp: Libxdp,
		readonly device: HookDevice,
		readonly traffic: LiveTraffic,
		private readonly path: string,
		private readonly target: { object: number; program: string },
	) {}

	/** The member that should stay. */
	member!: XdpMember;

	/** @throws UndecidedError `takeover-not-staged` when packets pass */
	static async open(guest: Guest): Promise<DispatcherStage> {
		const device = await hookDevice(guest, "ingress");
		const libxdp = await Libxdp.open(guest, onDevice(device));
		const path = await writeOwn(guest, own.object);
		const { held } = await loadOwn(guest, own, [passing("xdp")]);
		const target = { object: held.handle, program: held.program };
		const traffic = packetsFrom(guest, onDevice(device.sender));
		const stage = new DispatcherStage(guest, libxdp, device, traffic, path, target);
		stage.member = await stage.load(dropping, 50);
		const { errno, said } = await libxdp.do({ do: "attach", members: [stage.member] });
		const passed = errno === 0 ? await stage.passed() : 0;
		const why = errno === 0 ? `${passed} packets passed it` : `libxdp: ${errnoName(errno)} ${said}`;
		if (errno !== 0 || passed > 0) throw undecided("takeover-not-staged", { hook: "dispatcher", why });
		return stage;
	}

	/** Another program for the dispatcher, which returns `verdict`; no member runs after it. */
	async load(verdict: number, runPrio: number): Promise<XdpMember> {
		const { held, id } = await loadOwn(this.guest, own, [verdict], { ...this.target, extends: true });
		return { id, runPrio, proceed: new Set(), name: held.program, path: this.path };
	}

	passed(): Promise<number> {
		return passedXdp(this.guest, onDevice(this.device), this.traffic);
	}

	/** Whether packets pass, which the member drops. */
	async unmet(): Promise<Effect> {
		const passed = await this.passed();
		const { count } = this.traffic;
		return { took: passed === count, shown: `${passed} of ${count} packets passed, which the member drops` };
	}
}
