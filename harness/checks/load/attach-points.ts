// SPDX-License-Identifier: Apache-2.0
import type { GuestClient } from "../../guest/client.js";
import { GuestError } from "../../guest/client.js";
import type { Args } from "../../guest/operations.js";
import type { AttachTarget } from "../../package/manifest.js";

type Where = Pick<Args<"attach">, "ifindex" | "path" | "pf" | "hooknum" | "priority" | "mode">;

/** An attach point and what to call it in a sentence. */
export interface AttachPoint {
	where: Where;
	name: string;
}

/** NFPROTO_IPV4, NF_INET_LOCAL_IN (uapi/linux/netfilter.h): where a filter is put unless the manifest says otherwise. */
const netfilterDefaults = { pf: 2, hooknum: 1, priority: 0 };

/** Devices and cgroups in one guest that programs are attached to; each made when first wanted. */
export class AttachPoints {
	readonly #client: GuestClient;
	readonly #made = new Map<string, AttachPoint>();
	readonly #undo: (() => Promise<unknown>)[] = [];

	constructor(client: GuestClient) {
		this.#client = client;
	}

	/** @throws GuestError when the guest's kernel cannot make the attach point */
	async point(target: AttachTarget): Promise<AttachPoint> {
		switch (target.hook) {
			case "xdp": {
				const veth = await this.#once("veth", () => this.#netdev("veth"));
				return { ...veth, where: { ...veth.where, ...(target.mode ? { mode: target.mode } : {}) } };
			}
			case "tc_ingress":
			case "tc_egress":
				for (const name of ["sch_ingress", "cls_bpf"]) await this.#module(name);
				return this.#once("veth", () => this.#netdev("veth"));
			case "tcx_ingress":
			case "tcx_egress":
				return this.#once("veth", () => this.#netdev("veth"));
			case "netkit_primary":
			case "netkit_peer":
				return this.#once("netkit", () => this.#netdev("netkit"));
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
			default:
				return { where: {}, name: target.symbol ?? target.tracepoint ?? "" };
		}
	}

	/** Takes away everything that was made. */
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

	async #netdev(kind: "veth" | "netkit"): Promise<AttachPoint> {
		const name = `bg-${kind}0`;
		await this.#module(kind);
		const { ifindex } = await this.#client.call("netdev_add", { kind, name, peer: `bg-${kind}1`, up: true });
		this.#undo.push(() => this.#client.call("netdev_del", { name }));
		return { where: { ifindex }, name: `${kind} device ${name}` };
	}

	/** One that is absent may be built in: whoever needs it finds out. */
	async #module(name: string): Promise<void> {
		const { state, errno } = await this.#client.call("module_load", { name });
		if (state === "refused") throw new GuestError("module_load", { errno, what: `load module ${name}` });
	}

	async #cgroup(): Promise<AttachPoint> {
		const name = "bpfgate";
		const { path } = await this.#client.call("cgroup_add", { name });
		this.#undo.push(() => this.#client.call("cgroup_del", { name }));
		return { where: { path }, name: `cgroup ${path}` };
	}
}
