// SPDX-License-Identifier: Apache-2.0

import type { Loader } from "../../data/signing/loader/generate.js";
import type { LoadedObject } from "../../lab/subject/load/load-object.js";
import type { GuestClient } from "../../machine/guest/client.js";
import type { Args } from "../../machine/guest/operations.js";
import { type Installation, Installer, type InstallResult } from "./loader-install.js";

export class NotInstalled extends Error {
	override name = "NotInstalled";

	constructor(readonly installed: InstallResult) {
		super(`the loader ended at ${installed.step}`);
	}
}

/** An object that its loader installed, with agent handles: used like any other. */
export class AdoptedObject {
	readonly #installer: Installer;

	constructor(
		private readonly client: GuestClient,
		private readonly loader: Pick<Loader, "maps" | "programs">,
		private readonly installation: Installation,
	) {
		this.#installer = new Installer(client);
	}

	/**
	 * Installs, and opens the object with the installed maps and programs. Close an earlier one
	 * first.
	 * @throws NotInstalled
	 */
	async load(args: Args<"object_open">): Promise<LoadedObject & { handle: number }> {
		await this.#installer.close();
		const installed = await this.#installer.install(this.installation);
		if (installed.step !== "installed") throw new NotInstalled(installed);
		const { client, loader } = this;
		const { adopted } = await client.call("fd_adopt", {});
		const handleOf = new Map(adopted.map(({ fd, handle }) => [fd, handle]));
		this.#installer.keep(adopted.map(({ handle }) => handle));
		const adopt = [
			...named(loader.maps, installed.maps, handleOf).map(([map, handle]) => ({ map, handle })),
			...named(loader.programs, installed.programs, handleOf).map(([program, handle]) => ({
				program,
				handle,
			})),
		];
		const programs = (args.programs ?? []).map((program) => ({
			...program,
			autoload: loader.programs.includes(program.name),
		}));
		const opened = await client.call("object_open", { ...args, programs });
		const answer = await client.call("object_load", {
			object: opened.object,
			log_level: 0,
			log_bytes: 0,
			adopt,
		});
		const loaded = answer.programs.filter(({ attempted, errno }) => attempted && errno === 0);
		return {
			handle: opened.object,
			opened,
			loaded: new Map(loaded.map((program) => [program.name, program])),
			refused: new Map(),
			maps: answer.maps,
		};
	}

	/** Close the object first. */
	close(): Promise<void> {
		return this.#installer.close();
	}
}

function named(
	names: readonly string[],
	fds: readonly number[],
	handles: ReadonlyMap<number, number>,
): [string, number][] {
	return names.flatMap((name, index): [string, number][] => {
		const handle = handles.get(fds[index] ?? 0);
		return handle === undefined ? [] : [[name, handle]];
	});
}
