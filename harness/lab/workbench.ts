// SPDX-License-Identifier: Apache-2.0
import { hostFailure, UndecidedError } from "../base/errors.js";
import type { Reason } from "../base/results.js";
import { reason } from "../data/reasons/registry/registry.js";
import type { Lack } from "../machine/features/missing.js";
import { GuestError } from "../machine/guest/client.js";
import type { Inventory } from "../machine/guest/operations.js";
import type { Kernel } from "../machine/kernel/kernel.js";
import type { Guest, Splat } from "../machine/vm/guest.js";
import type { CellLimit } from "./cell-limit.js";
import type { Finding, Workbench } from "./check.js";
import { loadModules } from "./load-modules.js";
import type { KernelPromise, PromiseArea, PromiseSource } from "./promise.js";
import type { FeatureSource } from "./requirements.js";
import { writeFiles } from "./write-files.js";

/** Where guests come from; `machine/vm/pool.ts` is the real one. */
export interface GuestSource {
	/** Announces that a guest of this kernel will be asked for, after those announced before. */
	expect(kernel: Kernel): void;
	/** A fresh guest that nothing has used. Throws UndecidedError when none comes up. */
	acquire(kernel: Kernel): Promise<Guest>;
}

/** What a workbench is made from. */
export interface Lent {
	guests: GuestSource;
	features: FeatureSource;
	/** What kernels promise; a bench without a source cannot answer. */
	promises?: PromiseSource;
	/** Bounds the work on the cell. */
	limit?: CellLimit;
	signal: AbortSignal;
}

/** Lends one cell its guests, one after the other, and keeps account of what happened in them. */
export class CellWorkbench implements Workbench {
	readonly kernel: Kernel;
	/** Splats of all guests that this cell used up to now. */
	readonly splats: Splat[] = [];
	readonly #source: GuestSource;
	readonly #features: FeatureSource;
	readonly #promises: PromiseSource | undefined;
	readonly #limit: CellLimit | undefined;
	readonly #signal: AbortSignal;
	/** `cleanAt`: bytes sent to the guest when it was last found to have no leftovers. */
	#current: { guest: Guest; fresh: Inventory; cleanAt: number } | undefined;

	constructor(kernel: Kernel, lent: Lent) {
		this.kernel = kernel;
		this.#source = lent.guests;
		this.#features = lent.features;
		this.#promises = lent.promises;
		this.#limit = lent.limit;
		this.#signal = lent.signal;
		if (!lent.limit) return;
		lent.limit.operation = () => this.#current?.guest.client.operation;
		lent.limit.onOver((why) => this.#current?.guest.client.abandon(why));
	}

	async guest(): Promise<Guest> {
		this.#signal.throwIfAborted();
		this.#throwIfOver();
		if (!this.#current) {
			const guest = await this.#outside(() => this.#source.acquire(this.kernel));
			try {
				this.#throwIfOver();
				const changed = await loadModules(guest, this.kernel);
				await writeFiles(guest, this.kernel);
				const known = changed ? undefined : guest.inventory;
				const fresh = known ?? (await guest.client.call("inventory", {}));
				this.#current = { guest, fresh, cleanAt: -1 };
			} catch (error) {
				await guest.dispose();
				throw error;
			}
		}
		return this.#current.guest;
	}

	lack(requirement: string): Promise<Lack | undefined> {
		return this.#outside(() => this.#features.lack(this.kernel, requirement));
	}

	async promises(area: PromiseArea): Promise<readonly KernelPromise[]> {
		const source = this.#promises;
		if (!source) throw new Error("this bench was created without a source of kernel promises");
		const kept = await source.kept(this.kernel, area);
		if (kept) return kept;
		// The kernel is asked in guests of its own, and this one may hold the only place.
		await this.retire();
		return this.#outside(() => source.ask(this.kernel, area));
	}

	async leftovers(): Promise<string[]> {
		if (!this.#current) return [];
		const { guest, fresh, cleanAt } = this.#current;
		const { client } = guest;
		// Nothing was asked of it since.
		if (client.traffic.sent === cleanAt && !client.failure) return [];
		const look = async () => leftOver(fresh, await client.call("inventory", { settle: true }));
		let left = await look();
		// Types alone are held by maps that the kernel is still freeing.
		for (let again = 0; again < looksAtTypes && isTypesOnly(left); again++) left = await look();
		if (left.length === 0) {
			this.#current.cleanAt = client.traffic.sent;
			return [];
		}
		await this.retire();
		return left;
	}

	async spoil(): Promise<void> {
		await this.retire();
	}

	async lost(cause: unknown): Promise<{ outcome: "fail" | "error"; reason: Reason }> {
		this.#signal.throwIfAborted();
		if (cause instanceof UndecidedError && cause.code === "guest-hung") this.#limit?.hung(cause);
		const splats = await this.retire();
		const panic = splats.find(({ kind }) => kind === "panic" || kind === "oops");
		const starved = splats.some(({ kind }) => kind === "out-of-memory");
		if (cause instanceof UndecidedError && panic && !starved) {
			return { outcome: "fail", reason: reason(`kernel-${panic.kind}`, { title: panic.title, more: 0 }) };
		}
		return { outcome: "error", reason: undecidedReason(cause) };
	}

	#throwIfOver(): void {
		if (this.#limit?.over) throw this.#limit.over;
	}

	#outside<T>(work: () => Promise<T>): Promise<T> {
		return this.#limit ? this.#limit.outside(work) : work();
	}

	/** Ends the guest in use, if there is one; its splats. */
	async retire(): Promise<Splat[]> {
		const guest = this.#current?.guest;
		this.#current = undefined;
		if (!guest) return [];
		const splats = this.#signal.aborted ? [] : await guest.splats();
		await guest.dispose();
		this.splats.push(...splats);
		return splats;
	}
}

export function undecidedReason(cause: unknown): Reason {
	const undecided = cause instanceof UndecidedError ? cause : hostFailure(cause);
	if (undecided) return { code: undecided.code, message: undecided.message, hint: undecided.hint };
	if (cause instanceof GuestError) return reason("agent-refused", { why: cause.message });
	return reason("internal-error", { why: cause instanceof Error ? cause.message : String(cause) });
}

/** One finding for each kind of splat; running out of memory does not count against packages. */
export function splatFindings(splats: readonly Splat[]): Finding[] {
	const starved = splats.some(({ kind }) => kind === "out-of-memory");
	return [...new Set(splats.map(natureOf))].map((kind) => {
		const all = splats.filter((splat) => natureOf(splat) === kind);
		const { title = "", message } = all[0] ?? {};
		return {
			case: `kernel-log/${kind}`,
			outcome: kind === "out-of-memory" || (starved && kind === "panic") ? "error" : "fail",
			reason: reason(`kernel-${kind}`, { title, message, more: all.length - 1 }),
			evidence: { splats: all.slice(0, 5).map(({ text }) => text) },
		};
	});
}

/** Warnings of the verifier about the package (5.4 to 6.0, check_map_prog_compatibility). */
const policy = /^trace type BPF program uses run-time allocation/;

const natureOf = ({ kind, message = "" }: Splat) =>
	kind === "warn" && policy.test(message) ? ("policy" as const) : kind;

/** Looks of up to 10 s each (inventory_settle of the agent), while nothing but types is left. */
const looksAtTypes = 6;
const isTypesOnly = (left: readonly string[]) =>
	left.length > 0 && left.every((name) => name.startsWith("btf: "));

/** What `now` has that `before` had not, each as `kind: name`; empty when a guest is as it was. */
function leftOver(before: Inventory, now: Inventory): string[] {
	const known = names(before);
	// One of a name takes one of a name: what is mounted over another mount looks like it.
	return names(now).filter((name) => {
		const at = known.indexOf(name);
		if (at >= 0) known.splice(at, 1);
		return at < 0;
	});
}

function names(inventory: Inventory): string[] {
	const { programs, maps, links, btfs, netdevs, qdiscs, mounts, cgroups, pins, keys, processes } = inventory;
	return [
		...programs.map(({ id, name }) => `program: ${name || "unnamed"} (id ${id})`),
		...maps.map(({ id, name }) => `map: ${name || "unnamed"} (id ${id})`),
		...links.map(({ id, type }) => `link: type ${type} (id ${id})`),
		...btfs.map(({ id, name }) => `btf: ${name || "unnamed"} (id ${id})`),
		...netdevs.map((name) => `netdev: ${name}`),
		...qdiscs.map((name) => `qdisc: ${name}`),
		...mounts.map((name) => `mount: ${name}`),
		...cgroups.map((name) => `cgroup: ${name}`),
		...pins.map((name) => `pin: ${name}`),
		// Serial numbers are drawn by chance at each boot; type and description are what a key is
		// known by.
		...keys.map((name) => `key: ${name.replace(/^[0-9a-f]+ /, "")}`),
		...processes.map((name) => `process: ${name}`),
	];
}
