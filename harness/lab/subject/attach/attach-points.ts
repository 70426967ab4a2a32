// SPDX-License-Identifier: Apache-2.0

import { type AttachTarget, cgroupOrders } from "../../../data/package/manifest/attach-target.js";
import type { Lack } from "../../../machine/features/missing.js";
import type { GuestClient } from "../../../machine/guest/client.js";
import { GuestError } from "../../../machine/guest/client.js";
import type { Args } from "../../../machine/guest/operations.js";
import type { Workbench } from "../../check.js";
import type { HookName } from "./hook.js";

type Where = Pick<
	Args<"attach">,
	"ifindex" | "path" | "pf" | "hooknum" | "priority" | "mode" | "iterated" | "order" | "tid" | "pid"
>;

/** An attach point and what to call it in a sentence. */
export interface AttachPoint {
	where: Where;
	name: string;
}

/** NFPROTO_IPV4, NF_INET_LOCAL_IN (uapi/linux/netfilter.h): the default of filters. */
const netfilterDefaults = { pf: 2, hooknum: 1, priority: 0 };

/** The kernel lacks something that an attach point needs, whatever program is to be attached. */
export class NoAttachPoint extends Error {
	override name = "NoAttachPoint";

	constructor(readonly lack: Lack) {
		super(lack.message);
	}
}

/** Devices and cgroups in one guest that programs are attached to; each made when first needed. */
export class AttachPoints {
	readonly #client: GuestClient;
	readonly #bench: Workbench;
	readonly #devices: GuestClient;
	readonly #made = new Map<string, AttachPoint>();
	readonly #undo: (() => Promise<unknown>)[] = [];

	/** @param devices client that makes network devices, in the network namespace that it is in */
	constructor(client: GuestClient, bench: Workbench, devices = client) {
		this.#client = client;
		this.#bench = bench;
		this.#devices = devices;
	}

	/** @throws NoAttachPoint when the guest's kernel cannot make one */
	async point(target: Omit<AttachTarget, "hook"> & { hook: HookName }): Promise<AttachPoint> {
		switch (target.hook) {
			case "xdp": {
				const device = await this.#once("device", () => this.#device());
				return { ...device, where: { ...device.where, ...(target.mode ? { mode: target.mode } : {}) } };
			}
			case "tc_ingress":
			case "tc_egress":
				for (const name of ["sch_ingress", "cls_bpf"]) await this.#need(name);
				return this.#once("device", () => this.#device());
			case "tcx_ingress":
			case "tcx_egress":
			case "devmap":
			case "route":
				return this.#once("device", () => this.#device());
			case "netkit_primary":
			case "netkit_peer":
				return this.#once("netkit", () => this.#netkit());
			case "action":
				await this.#need("act_bpf");
				return { where: {}, name: "a tc action" };
			case "cgroup":
				return this.#once("cgroup", () => this.#cgroup());
			case "netns":
				return { where: { path: "/proc/self/ns/net" }, name: "the network namespace" };
			case "netfilter": {
				const { pf, hooknum, priority } = { ...netfilterDefaults, ...target };
				return {
					where: { pf, hooknum, priority },
					name: `netfilter family ${pf} hook ${hooknum} priority ${priority}`,
				};
			}
			case "iterator":
				return this.#iterator(target);
			default:
				return { where: {}, name: target.symbol ?? target.tracepoint ?? "" };
		}
	}

	async remove(): Promise<void> {
		for (const undo of this.#undo.reverse()) await undo();
		this.#undo.length = 0;
		this.#made.clear();
	}

	async #once(key: string, make: () => Promise<AttachPoint>): Promise<AttachPoint> {
		const made = this.#made.get(key) ?? (await make());
		this.#made.set(key, made);
		return made;
	}

	/** A veth pair, which supports native XDP; the loopback device on a kernel without veth. */
	async #device(): Promise<AttachPoint> {
		await this.#client.call("module_load", { name: "veth" });
		try {
			return await this.#netdev("veth");
		} catch (error) {
			if (!(error instanceof GuestError) || error.errnoName !== "EOPNOTSUPP") throw error;
			return { where: { ifindex: 1 }, name: "loopback device lo" };
		}
	}

	/** Mostly built in, and then in no list of modules: so it is tried first. */
	async #netkit(): Promise<AttachPoint> {
		try {
			return await this.#netdev("netkit");
		} catch (error) {
			if (!(error instanceof GuestError) || error.errnoName !== "EOPNOTSUPP") throw error;
			await this.#need("netkit");
			return this.#netdev("netkit");
		}
	}

	async #netdev(kind: "veth" | "netkit"): Promise<AttachPoint> {
		const name = `bg-${kind}0`;
		const peer = `bg-${kind}1`;
		const { ifindex } = await this.#devices.call("netdev_add", { kind, name, peer, up: true });
		this.#undo.push(() => this.#devices.call("netdev_del", { name }));
		return { where: { ifindex }, name: `${kind} device ${name}` };
	}

	/** A module that is not in the guest may be built in: the kernel's features say so. */
	async #need(module: string): Promise<void> {
		const { state } = await this.#client.call("module_load", { name: module });
		if (state === "live" || state === "builtin") return;
		const lack = await this.#bench.lack(`module:${module}`);
		if (lack) throw new NoAttachPoint(lack);
	}

	async #iterator({ map, cgroup, order, tid, pid }: Omit<AttachTarget, "hook">): Promise<AttachPoint> {
		if (map !== undefined) return { where: { iterated: map }, name: `map ${map}` };
		if (tid !== undefined) return { where: { tid }, name: `thread ${tid}` };
		if (pid !== undefined) return { where: { pid }, name: `process ${pid}` };
		if (order === undefined) return { where: {}, name: "" };
		const number = cgroupOrders.indexOf(order) + 1;
		if (cgroup === undefined) return { where: { order: number }, name: `the root cgroup, ${order}` };
		const parts = cgroup.split("/");
		let made: AttachPoint | undefined;
		for (const [index] of parts.entries()) {
			const name = parts.slice(0, index + 1).join("/");
			made = await this.#once(`cgroup ${name}`, () => this.#cgroup(name));
		}
		return { where: { ...made?.where, order: number }, name: `${made?.name}, ${order}` };
	}

	async #cgroup(name = "bpfgate"): Promise<AttachPoint> {
		const { path } = await this.#client.call("cgroup_add", { name });
		this.#undo.push(() => this.#client.call("cgroup_del", { name }));
		return { where: { path }, name: `cgroup ${path}` };
	}
}
