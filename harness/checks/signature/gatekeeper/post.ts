// SPDX-License-Identifier: Apache-2.0

import { errnoName } from "../../../base/errno.js";
import type { Package } from "../../../data/package/package.js";
import type { Guest } from "../../../machine/vm/guest.js";
import { artifact, type GatekeeperName } from "./artifacts.js";
import { isHardened } from "./cases.js";
import { Gatekeeper, pinHandle } from "./gatekeeper.js";
import { Intruder } from "./intruder.js";
import type { Settings } from "./settings.js";

/** The kernel lacks what the gatekeeper is made of. */
export class Absent extends Error {
	override name = "Absent";
}

/** What a gatekeeper did in one case. */
export interface Seen {
	case: string;
	/** What the case asks is so. */
	kept: boolean;
	/** The case could not be tried here: the kernel lacks what the attack needs. */
	impossible?: string;
	evidence: Record<string, unknown>;
}

/**
 * Programs of attack.bpf.o that an attacker has loaded before the gatekeeper, each pinned under its
 * name.
 */
export const attacks = ["load_unsigned", "answer_first", "answer_before", "answer_before_load"] as const;
export type Attack = (typeof attacks)[number];

const pinned = (attack: Attack) => `/sys/fs/bpf/${attack}`;

/** A guest in which one gatekeeper is to stand, who is to be kept out, and the package. */
export class Post {
	/** Why an attacker's program does not load, by name. */
	readonly unloadable = new Map<Attack, string>();
	readonly #loaded: Attack[] = [];
	/** Processes that hold an attacker's program where it is attached. */
	readonly #holders = new Map<Attack, number>();

	private constructor(
		readonly guest: Guest,
		readonly name: GatekeeperName,
		readonly pkg: Package,
		readonly intruder: Intruder,
		private readonly folder: string | undefined,
	) {}

	get client() {
		return this.guest.client;
	}

	get littleEndian(): boolean {
		return this.client.littleEndian;
	}

	get hardened(): boolean {
		return isHardened(this.name);
	}

	/**
	 * @param wanted what the attacker has loaded before; none when only the package's own cases
	 * (`ofPackage`) are asked
	 * @param folder where the gatekeeper's object is; default: what was built
	 */
	static async prepare(
		guest: Guest,
		name: GatekeeperName,
		pkg: Package,
		wanted: readonly Attack[],
		folder?: string,
	): Promise<Post> {
		const post = new Post(guest, name, pkg, await Intruder.bring(guest), folder);
		const path = "/run/bpfgate-attack.bpf.o";
		await guest.client.call("file_write", { path, data: await artifact(guest.kernel.arch, "attack.bpf.o") });
		for (const attack of wanted) await post.#loadAttack(path, attack);
		return post;
	}

	/** Only its pin stays, as after the process that loaded it. */
	async #loadAttack(path: string, attack: Attack): Promise<void> {
		const programs = attacks.map((name) => ({ name, autoload: name === attack }));
		const { object } = await this.client.call("object_open", { path, programs });
		const { errno } = await this.client.call("object_load", { object, log_level: 0, log_bytes: 0 });
		if (errno === 0) {
			await pinHandle(this.client, { handle: object, program: attack }, pinned(attack));
			this.#loaded.push(attack);
		} else {
			const why = `the kernel does not load the attacker's program ${attack} (${errnoName(errno)})`;
			this.unloadable.set(attack, why);
		}
		await this.client.call("object_close", { object });
	}

	/** Nobody attacks: only the package's own cases are asked. */
	get peaceful(): boolean {
		return this.#loaded.length === 0 && this.unloadable.size === 0;
	}

	install(settings: Settings): Promise<Gatekeeper> {
		return Gatekeeper.install(this.guest, this.name, settings, this.folder);
	}

	/** Attaches an attacker's program; what is in the way. */
	async attach(attack: Attack): Promise<string | undefined> {
		const [opened = 0, attached = 0, holder = 0] = await this.intruder.does("attach", pinned(attack));
		if (opened || attached) return errnoName(opened || attached);
		this.#holders.set(attack, holder);
		return undefined;
	}

	/**
	 * It does not answer any more when this returns; what comes next would be blamed on the
	 * gatekeeper.
	 */
	async detach(attack: Attack): Promise<void> {
		const holder = this.#holders.get(attack);
		if (holder === undefined) throw new Error(`${attack} is not attached`);
		this.#holders.delete(attack);
		await this.intruder.does("end", String(holder));
	}

	/** Has an attacker's syscall program load another: what that says. */
	async loadByProgram(): Promise<Seen> {
		const impossible = this.unloadable.get("load_unsigned");
		if (impossible) return { case: "load-by-program", kept: true, impossible, evidence: {} };
		const [opened = 0, ran = 0, retval = 0] = await this.intruder.does("run", pinned("load_unsigned"));
		const errno = opened || ran || (retval < 0 ? -retval : 0);
		return { case: "load-by-program", kept: errno !== 0, evidence: { errno: nameOf(errno) } };
	}

	/** What was loaded before is in the list of programs, and can still be had from its pin. */
	async loadedBefore(): Promise<Seen> {
		const { programs } = await this.client.call("inventory", {});
		const listed = programs.map(({ name }) => name);
		const missing = this.#loaded.filter((attack) => !listed.includes(attack.slice(0, 15)));
		return {
			case: "loaded-before",
			kept: missing.length === 0,
			evidence: { listed: programs.map(({ id, name }) => `${name} (id ${id})`), missing },
		};
	}

	/** An attempt of another process of root: kept when it is denied. */
	async denies(name: string, ...words: string[]): Promise<Seen> {
		const error = await this.intruder.fails(...words);
		return { case: name, kept: error !== undefined, evidence: { tried: words[0], errno: error ?? "0" } };
	}

	/**
	 * Attaches a program before or after the gatekeeper, and tries again: kept when a load is
	 * denied all the same.
	 */
	async answeredBy(
		name: "attached-before" | "attached-after",
		attack: Attack,
		attached: string | undefined,
	): Promise<Seen> {
		const impossible = this.unloadable.get(attack);
		if (impossible) return { case: name, kept: true, impossible, evidence: { program: attack } };
		const error = await this.intruder.fails("load");
		if (attached === undefined) await this.detach(attack);
		const evidence = { program: attack, attach: attached ?? "0", load: error ?? "0" };
		return { case: name, kept: error !== undefined, evidence };
	}

	async linkDetach(gatekeeper: Gatekeeper): Promise<Seen> {
		const id = gatekeeper.links.get("admit")?.id ?? 0;
		const detached = await this.intruder.fails("link-detach", String(id));
		await gatekeeper.decisions();
		const load = await this.intruder.fails("load");
		// Tells a gatekeeper that admits from one that is not asked.
		const asked = (await gatekeeper.decisions()).length > 0;
		const evidence = { link: id, detach: detached ?? "0", load: load ?? "0", gatekeeper_asked: asked };
		return { case: "link-detach", kept: detached !== undefined && load !== undefined, evidence };
	}

	async unpin(pins: string): Promise<Seen> {
		const unlink = await this.intruder.fails("unlink", `${pins}/admit`);
		const umount = await this.intruder.fails("umount", pins);
		return {
			case: "unpin",
			kept: unlink !== undefined && umount !== undefined,
			evidence: { unlink: unlink ?? "0", umount: umount ?? "0" },
		};
	}

	/** Takes away what the attacker has loaded. */
	async leave(): Promise<void> {
		if (this.#loaded.length > 0) await this.intruder.does("unlink", ...this.#loaded.map(pinned));
	}

	/** The last case: what is left when the process is gone that loaded the gatekeeper. */
	async holderEnds(gatekeeper: Gatekeeper): Promise<Seen> {
		await gatekeeper.abandon();
		const load = await this.intruder.fails("load");
		return { case: "holder-ends", kept: load !== undefined, evidence: { load: load ?? "0" } };
	}
}

/** `0`, or the errno's name. */
export function nameOf(errno: number): string {
	return errno === 0 ? "0" : errnoName(errno);
}
