// SPDX-License-Identifier: Apache-2.0
import { ENOENT, EOPNOTSUPP, errnoName } from "../../base/errno.js";
import { undecided } from "../../data/reasons/registry/registry.js";
import type { Held } from "../../machine/guest/bpf-attr.js";
import { objInfo } from "../../machine/guest/bpf-call.js";
import { countRuns, pin, programId } from "../../machine/guest/bpf-objects.js";
import { GuestError } from "../../machine/guest/guest-error.js";
import type { Guest } from "../../machine/vm/guest.js";
import { directionOf, type HookDevice, hookDevice, netkitDevice, onDevice } from "../chain/hook-device.js";
import { attachFlags, HookList } from "../chain/hook-list.js";
import type { CgroupFolder } from "../chain/mechanisms/cgroup-tree.js";
import { clsactModules } from "../chain/mechanisms/tc.js";
import type { CgroupHook } from "../chain/socket-calls.js";
import { constantStandIn, loadOwn, writeOwn } from "../chain/stand-in.js";
import type { Hold } from "./hold.js";
import { attachTypeOf, type HookKind, hookKind, isPoint, type TakenHook } from "./hooks.js";
import {
	type AttachArgs,
	filteredPort,
	type Point,
	type PointFacts,
	points,
	SOL_SOCKET,
	soAttachBpf,
} from "./points.js";
import { callsOf, type LiveTraffic, packetsFrom, runsDuring } from "./traffic.js";

/** XDP_FLAGS_SKB_MODE of uapi/linux/if_link.h: the mode that every driver has. */
const xdpGeneric = 1 << 1;
const cgroupName = "bpfgate-takeover";
/** Where a link is pinned. */
export const pinPath = "/sys/fs/bpf/bpfgate-takeover";

/** The kernel does not attach a program to the hook. */
export class HookRefused extends Error {
	override name = "HookRefused";

	constructor(
		readonly hook: TakenHook,
		/** Positive. */
		readonly errno: number,
	) {
		super(`a program at ${hook}: ${errnoName(errno)}`);
	}
}

/** Nothing that bpfgate does meets a program of a package at such a hook. */
export class NotMet extends Error {
	override name = "NotMet";

	constructor(readonly hook: Point) {
		super(`nothing meets the program at ${hook}`);
	}
}

/** A program of the agent's, by its object. */
export type HeldProgram = Held & { handle: number; program: string };

/**
 * A program at its hook in a guest, with traffic that meets it: others may take its place. The
 * guest is for this alone: nothing is undone.
 */
export class Stage {
	readonly kind: HookKind;
	readonly device: HookDevice | undefined;
	readonly cgroup: CgroupFolder | undefined;
	/** A process in the cgroup, which makes the calls. */
	readonly workload: number | undefined;
	/** How the program is attached to a point. */
	readonly at: AttachArgs | undefined;

	private constructor(
		readonly guest: Guest,
		readonly hook: TakenHook,
		readonly hold: Hold,
		/** What should stay at the hook. */
		readonly program: HeldProgram,
		readonly programId: number,
		public traffic: LiveTraffic,
		place: Pick<Stage, "device" | "cgroup" | "workload" | "at">,
	) {
		this.device = place.device;
		this.cgroup = place.cgroup;
		this.workload = place.workload;
		this.at = place.at;
		this.kind = hookKind(hook);
	}

	/**
	 * Attaches a loaded program and sees that traffic meets it.
	 * @param at where exactly a program of a package is attached to a point
	 * @throws HookRefused, NotMet; UndecidedError `takeover-not-staged` when no traffic meets it
	 */
	static async open(
		guest: Guest,
		hook: TakenHook,
		hold: Hold,
		program: HeldProgram,
		at?: AttachArgs,
	): Promise<Stage> {
		const { client } = guest;
		const kind = hookKind(hook);
		let device: HookDevice | undefined;
		let cgroup: CgroupFolder | undefined;
		let traffic: LiveTraffic;
		let workload: number | undefined;
		if (isPoint(hook)) {
			const facts: PointFacts = points[hook];
			traffic = ((at && facts.anything) ?? facts.traffic)(guest);
		} else if (kind === "cgroup") {
			const { path } = await client.call("cgroup_add", { name: cgroupName });
			const { handle } = await client.call("path_open", { path });
			cgroup = { path, handle };
			const process = await client.call("user_start", { uid: 0, gid: 0 });
			const data = Buffer.from(`${process.pid}\n`);
			await client.call("file_write", { path: `${path}/cgroup.procs`, data });
			workload = process.pid;
			traffic = callsOf(guest, hook as CgroupHook, process.user);
		} else {
			device = kind === "netkit" ? await netkit(guest, hook) : await hookDevice(guest, directionOf(hook));
			traffic = packetsFrom(guest, onDevice(device.sender));
		}
		const id = await programId(client, program);
		const place = { device, cgroup, workload, at: at ?? (isPoint(hook) ? points[hook].at : undefined) };
		const stage = new Stage(guest, hook, hold, program, id, traffic, place);
		await countRuns(client);
		await stage.#attach();
		const [met] = await stage.meets([program]);
		if (met === 0 && at && isPoint(hook)) throw new NotMet(hook);
		if (met! < traffic.count)
			throw undecided("takeover-not-staged", {
				hook,
				why: `${met} of ${traffic.count} ${traffic.what} met it`,
			});
		return stage;
	}

	/** Link id, and the agent's handle of it unless it is pinned; only where a link holds it. */
	link: { id: number; handle?: number } | undefined;
	/** The agent's handle of what it attached to a point. */
	#attachment: number | undefined;
	/** The agent's handle of a tc filter. */
	filter: number | undefined;

	/** The list of programs at the hook; not for tc. */
	list(): HookList {
		const attachType = attachTypeOf(this.hook);
		if (attachType === undefined) throw new Error(`${this.hook} has no list`);
		return new HookList(this.guest, { attachType, ...this.place() });
	}

	/** Where the hook is, as `HookList` names it. */
	place(): { target: number | Held; netns?: number } {
		if (isPoint(this.hook)) return { target: 0 };
		if (this.cgroup) return { target: { handle: this.cgroup.handle } };
		const { ifindex, ...netns } = onDevice(this.device!);
		return { target: ifindex, ...netns };
	}

	/** How many packets or calls meet each program now. */
	meets(programs: readonly Held[]): Promise<number[]> {
		return runsDuring(this.guest, this.traffic, programs);
	}

	/** A program of another, of the hook's type by default; it only returns `verdict`. */
	async intruder(verdict: number, hook: TakenHook = this.hook): Promise<HeldProgram> {
		const { errno, held } = await loadStandIn(this.guest, hook, verdict);
		if (errno !== 0)
			throw undecided("takeover-not-staged", { hook, why: `BPF_PROG_LOAD returned ${errnoName(errno)}` });
		return held;
	}

	/** Closes the agent's file descriptor of the link. */
	async release(): Promise<void> {
		if (this.#attachment !== undefined) {
			await this.guest.client.call("detach", { link: this.#attachment });
			this.#attachment = undefined;
		}
		const { handle, ...link } = this.link ?? {};
		if (handle === undefined) return;
		this.link = link as { id: number };
		await this.guest.client.call("close", { handle });
	}

	async #attach(): Promise<void> {
		const { client } = this.guest;
		if (isPoint(this.hook)) return this.#atPoint(this.hook);
		if (this.kind === "tc") {
			for (const name of clsactModules) {
				const { state } = await client.call("module_load", { name });
				if (state !== "live" && state !== "builtin") throw new HookRefused(this.hook, ENOENT);
			}
			const { link } = await client.call("attach", {
				...{ object: this.program.handle, program: this.program.program, hook: this.hook },
				...onDevice(this.device!),
			});
			this.filter = link;
			return;
		}
		const errno = this.hold === "direct" ? await this.#direct() : await this.#link();
		if (errno !== 0) throw new HookRefused(this.hook, errno);
	}

	async #atPoint(point: Point): Promise<void> {
		const { client } = this.guest;
		const { handle: object, program } = this.program;
		try {
			if (this.hold === "direct" && point !== "struct_ops") {
				const errno = point === "socket_filter" ? await this.#filter() : await this.#direct();
				if (errno !== 0) throw new HookRefused(point, errno);
				return;
			}
			const what = point === "struct_ops" ? {} : { program };
			const { link, id } = await client.call("attach", { object, ...what, ...this.at! });
			this.#attachment = link;
			if (id !== undefined) this.link = { id };
			if (this.hold !== "pinned") return;
			const errno = id === undefined ? EOPNOTSUPP : await pin(client, { handle: link }, pinPath);
			if (errno !== 0) throw new HookRefused(point, errno);
			await this.release();
		} catch (error) {
			if (!(error instanceof GuestError)) throw error;
			throw new HookRefused(point, error.errno);
		}
	}

	async #link(): Promise<number> {
		const flags = this.kind === "xdp" ? { flags: xdpGeneric } : {};
		const { errno, link } = await this.list().createLink(this.program, flags);
		if (link === undefined) return errno;
		const { client } = this.guest;
		const { info } = await objInfo(client, { handle: link }, 16);
		this.link = { handle: link, id: info.u32(4) };
		if (this.hold !== "pinned") return 0;
		const pinned = await pin(client, { handle: link }, pinPath);
		await this.release();
		return pinned;
	}

	async #filter(): Promise<number> {
		const { client } = this.guest;
		const address = Buffer.from([127, 0, 0, 1]);
		const { handle } = await client.call("socket_open", { protocol: "udp", address, port: filteredPort });
		const option = { level: SOL_SOCKET, option: soAttachBpf, value: this.program };
		return (await client.call("socket_option", { handle, ...option })).errno;
	}

	async #direct(): Promise<number> {
		const { client } = this.guest;
		if (this.kind === "xdp") {
			const at = { ...onDevice(this.device!), mode: "generic" as const };
			return (await client.call("xdp_set", { ...at, program: this.program })).errno;
		}
		return this.list().attach(this.program, this.kind === "cgroup" ? { flags: attachFlags.multi } : {});
	}
}

/** @throws HookRefused on a kernel without netkit */
async function netkit(guest: Guest, hook: TakenHook): Promise<HookDevice> {
	try {
		return await netkitDevice(guest, hook === "netkit_peer" ? "peer" : "primary");
	} catch (error) {
		if (error instanceof GuestError && error.errno === EOPNOTSUPP) throw new HookRefused(hook, error.errno);
		throw error;
	}
}

/** Loads a program of bpfgate's own that fits the hook and only returns `verdict`. */
export async function loadStandIn(
	guest: Guest,
	hook: TakenHook,
	verdict: number,
	hold: Hold = "link",
): ReturnType<typeof loadOwn> {
	const own = isPoint(hook) ? subjectAt(hook, hold) : constantStandIn(hook);
	await writeOwn(guest, own.object);
	return loadOwn(guest, own, [verdict]);
}

function subjectAt(point: Point, hold: Hold): { object: string; program: string } {
	const congestion = hold === "direct" ? "takeover-congestion" : "takeover-congestion-link";
	return {
		object: point === "struct_ops" ? congestion : "takeover-subjects",
		program: `subject_${point}`,
	};
}
