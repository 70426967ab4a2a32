// SPDX-License-Identifier: Apache-2.0
import { errnoName } from "../../base/errno.js";
import { type GatekeeperAnswer, nameOf } from "../../checks/signature/gatekeeper/admission.js";
import { artifact } from "../../checks/signature/gatekeeper/artifacts.js";
import { type Gatekeeper, pinFolder, pinHandle } from "../../checks/signature/gatekeeper/gatekeeper.js";
import { Intruder } from "../../checks/signature/gatekeeper/intruder.js";
import type { Guest } from "../../machine/vm/guest.js";

/** Programs of attack.bpf.o loaded before the gatekeeper, each pinned by its name. */
export const attackPrograms = [
	"load_unsigned",
	"answer_first",
	"answer_before",
	"answer_before_load",
] as const;
export type AttackProgram = (typeof attackPrograms)[number];

const pinned = (attack: AttackProgram) => `/sys/fs/bpf/${attack}`;

/** Another root process in the guest, with programs that it loaded before the gatekeeper. */
export class Attacker {
	/** Why a program of the attacker does not load, by name. */
	readonly unloadable = new Map<AttackProgram, string>();
	readonly #loaded: AttackProgram[] = [];
	/** Processes that keep a program of the attacker attached. */
	readonly #holders = new Map<AttackProgram, number>();

	private constructor(
		readonly guest: Guest,
		readonly intruder: Intruder,
	) {}

	/** Loads and pins the attacker's programs. */
	static async prepare(guest: Guest, programs: readonly AttackProgram[]): Promise<Attacker> {
		const attacker = new Attacker(guest, await Intruder.bring(guest));
		const path = "/run/bpfgate-attack.bpf.o";
		await guest.client.call("file_write", { path, data: await artifact(guest.kernel.arch, "attack.bpf.o") });
		for (const attack of programs) await attacker.#load(path, attack);
		return attacker;
	}

	/** Only the pin stays, as after the end of the process that loaded the program. */
	async #load(path: string, attack: AttackProgram): Promise<void> {
		const { client } = this.guest;
		const programs = attackPrograms.map((name) => ({ name, autoload: name === attack }));
		const { object } = await client.call("object_open", { path, programs });
		const { errno } = await client.call("object_load", { object, log_level: 0, log_bytes: 0 });
		if (errno === 0) {
			await pinHandle(client, { handle: object, program: attack }, pinned(attack));
			this.#loaded.push(attack);
		} else {
			const why = `the kernel does not load the attacker's program ${attack} (${errnoName(errno)})`;
			this.unloadable.set(attack, why);
		}
		await client.call("object_close", { object });
	}

	/** Attaches a program of the attacker; the errno's name if that fails. */
	async attach(attack: AttackProgram): Promise<string | undefined> {
		const [opened = 0, attached = 0, holder = 0] = await this.intruder.does("attach", pinned(attack));
		if (opened || attached) return errnoName(opened || attached);
		this.#holders.set(attack, holder);
		return undefined;
	}

	/** When this returns, the program no longer answers in place of the gatekeeper. */
	async detach(attack: AttackProgram): Promise<void> {
		const holder = this.#holders.get(attack);
		if (holder === undefined) throw new Error(`${attack} is not attached`);
		this.#holders.delete(attack);
		await this.intruder.does("end", String(holder));
	}

	/** Case `load-by-program`: a syscall program of the attacker loads another program. */
	async loadByProgram(): Promise<GatekeeperAnswer> {
		const impossible = this.unloadable.get("load_unsigned");
		if (impossible) return { case: "load-by-program", holds: true, impossible, evidence: {} };
		const [opened = 0, ran = 0, retval = 0] = await this.intruder.does("run", pinned("load_unsigned"));
		const errno = opened || ran || (retval < 0 ? -retval : 0);
		return { case: "load-by-program", holds: errno !== 0, evidence: { errno: nameOf(errno) } };
	}

	/** Case `loaded-before`: the attacker's programs are still listed. */
	async loadedBefore(): Promise<GatekeeperAnswer> {
		const { programs } = await this.guest.client.call("inventory", {});
		const listed = programs.map(({ name }) => name);
		const missing = this.#loaded.filter((attack) => !listed.includes(attack.slice(0, 15)));
		return {
			case: "loaded-before",
			holds: missing.length === 0,
			evidence: { listed: programs.map(({ id, name }) => `${name} (id ${id})`), missing },
		};
	}

	/** An attempt of another root process, which should be refused. */
	async denied(name: string, ...words: string[]): Promise<GatekeeperAnswer> {
		const error = await this.intruder.fails(...words);
		return { case: name, holds: error !== undefined, evidence: { tried: words[0], errno: error ?? "0" } };
	}

	/** A load by another process while `attached`, which should be refused. */
	async answeredBy(
		name: "attached-before" | "attached-after",
		attack: AttackProgram,
		attached: string | undefined,
	): Promise<GatekeeperAnswer> {
		const impossible = this.unloadable.get(attack);
		if (impossible) return { case: name, holds: true, impossible, evidence: { program: attack } };
		const error = await this.intruder.fails("load");
		if (attached === undefined) await this.detach(attack);
		const evidence = { program: attack, attach: attached ?? "0", load: error ?? "0" };
		return { case: name, holds: error !== undefined, evidence };
	}

	/** Case `attached-after`; the LSM program is the easier attack on kernels that load it. */
	async attachedAfter(): Promise<GatekeeperAnswer> {
		const attack = this.unloadable.has("answer_first") ? "answer_before" : "answer_first";
		return this.answeredBy("attached-after", attack, await this.attach(attack));
	}

	async linkDetach(gatekeeper: Gatekeeper): Promise<GatekeeperAnswer> {
		const id = gatekeeper.links.get("admit")?.id ?? 0;
		const detached = await this.intruder.fails("link-detach", String(id));
		await gatekeeper.decisions();
		const load = await this.intruder.fails("load");
		// Distinguishes a gatekeeper that admits from one that is not called.
		const asked = (await gatekeeper.decisions()).length > 0;
		const evidence = { link: id, detach: detached ?? "0", load: load ?? "0", gatekeeper_asked: asked };
		return { case: "link-detach", holds: detached !== undefined && load !== undefined, evidence };
	}

	async unpin(): Promise<GatekeeperAnswer> {
		const unlink = await this.intruder.fails("unlink", `${pinFolder}/admit`);
		const umount = await this.intruder.fails("umount", pinFolder);
		return {
			case: "unpin",
			holds: unlink !== undefined && umount !== undefined,
			evidence: { unlink: unlink ?? "0", umount: umount ?? "0" },
		};
	}

	/** Case `rewrite-settings`: writes settings that admit `load`, an errno's name or undefined. */
	async rewriteSettings(
		gatekeeper: Gatekeeper,
		settings: Uint8Array,
		load: () => Promise<string | undefined>,
	): Promise<GatekeeperAnswer> {
		const id = gatekeeper.settingsMap;
		const value = Buffer.from(settings).toString("hex");
		const update = await this.intruder.fails("map-update", String(id), "00000000", value);
		const loaded = await load();
		const evidence = { map: id, update: update ?? "0", load: loaded ?? "0" };
		return { case: "rewrite-settings", holds: update !== undefined && loaded !== undefined, evidence };
	}

	/** The last case: what is left when the process that loaded the gatekeeper ends. */
	async holderEnds(gatekeeper: Gatekeeper): Promise<GatekeeperAnswer> {
		await gatekeeper.abandon();
		const load = await this.intruder.fails("load");
		return { case: "holder-ends", holds: load !== undefined, evidence: { load: load ?? "0" } };
	}

	/** Removes the pins of the attacker's programs. */
	async leave(): Promise<void> {
		if (this.#loaded.length > 0) await this.intruder.does("unlink", ...this.#loaded.map(pinned));
	}
}
