// SPDX-License-Identifier: Apache-2.0
import { hostFailure, UndecidedError } from "../base/errors.js";
import type { Reason } from "../base/results.js";
import { reason } from "../data/reasons/registry/registry.js";
import type { Lack } from "../machine/features/missing.js";
import { GuestError } from "../machine/guest/client.js";
import type { Args, Inventory } from "../machine/guest/operations.js";
import type { Kernel } from "../machine/kernel/kernel.js";
import type { Guest, Splat } from "../machine/vm/guest.js";
import type { CellLimit } from "./cell-limit.js";
import type { Finding, Workbench } from "./check.js";
import { type Contents, contradictions, leftOver } from "./leftovers.js";
import { loadModules } from "./load-modules.js";
import type { KernelPromise, PromiseArea, PromiseSource } from "./promise.js";
import type { FeatureSource } from "./requirements.js";
import { writeFiles } from "./write-files.js";

/** How often the agent and the host are compared, and how many differences are named. */
const maxLooks = 3;
const maxNamed = 3;

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
	#current: { guest: Guest; fresh: Contents; cleanAt: number } | undefined;

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
				const fresh = await contents(guest, {}, changed ? undefined : guest.inventory);
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
		const look = async () => leftOver(fresh, await agreed(guest));
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
		if (cause instanceof AgentDeceived) return { outcome: "fail", reason: cause.reason };
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

/** In the guest, bpf() does not say what the kernel has. */
class AgentDeceived extends Error {
	override name = "AgentDeceived";
	readonly reason: Reason;

	constructor(differences: readonly string[]) {
		const more = differences.length > maxNamed ? `; and ${differences.length - maxNamed} more` : "";
		const why = reason("agent-deceived", { differences: differences.slice(0, maxNamed).join("; ") + more });
		super(why.message);
		this.reason = why;
	}
}

/** What there is in a guest, once the agent and the host say the same. */
async function agreed(guest: Guest): Promise<Contents> {
	// An object may go away between two looks, in the background: then the next two agree.
	for (let look = 1; ; look++) {
		const now = await contents(guest, { settle: true });
		const differences = contradictions(now);
		if (differences.length === 0) return now;
		if (look === maxLooks) throw new AgentDeceived(differences);
	}
}

async function contents(guest: Guest, how: Args<"inventory">, known?: Inventory): Promise<Contents> {
	const inventory = known ?? (await guest.client.call("inventory", how));
	try {
		return { inventory, objects: await guest.view() };
	} catch (error) {
		// Where there is no such view, the agent's word is all there is.
		if (error instanceof UndecidedError && error.code === "host-view-unavailable") return { inventory };
		throw error;
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
			outcome: isUndecided(kind) || (starved && kind === "panic") ? "error" : "fail",
			reason: reason(`kernel-${kind}`, { title, message, more: all.length - 1 }),
			evidence: { splats: all.slice(0, 5).map(({ text }) => text) },
		};
	});
}

const isUndecided = (kind: string) => kind === "out-of-memory" || kind === "silent";

/** Warnings of the verifier about the package (5.4 to 6.0, check_map_prog_compatibility). */
const policy = /^trace type BPF program uses run-time allocation/;

const natureOf = ({ kind, message = "" }: Splat) =>
	kind === "warn" && policy.test(message) ? ("policy" as const) : kind;

/** Looks of up to 10 s each (inventory_settle of the agent), while nothing but types is left. */
const looksAtTypes = 6;
const isTypesOnly = (left: readonly string[]) =>
	left.length > 0 && left.every((name) => name.startsWith("btf: "));
