// SPDX-License-Identifier: Apache-2.0

import type { Reason } from "../../base/results.js";
import { reason } from "../../data/reasons/registry/registry.js";
import type { GuestClient } from "../../machine/guest/client.js";
import { GuestError } from "../../machine/guest/guest-error.js";

/** Something that runs in the guest and says when a hook was taken. */
export interface DetectorCommand {
	/** For messages: `the built-in watcher`. */
	readonly name: string;
	readonly argv: readonly string[];
	/** It belongs to the package: it gets no capability to change the agent. */
	readonly limited: boolean;
	/** Whether a line of its output says that it watches now; absent: it watches from the start. */
	readonly isReady?: (line: string) => boolean;
	/** Reads an alarm from a line of its output; undefined for all other lines. */
	readonly alarmOf: (line: string) => Alarm | undefined;
}

/** What a detector said. */
export interface Alarm {
	/** The guest's CLOCK_MONOTONIC, if the line has it. */
	timeNs?: number;
	/** What told it: a name of `signals`. */
	signal?: string;
	/** Who did it, where known: `bpftool (pid 42, uid 0)`. */
	who?: string;
	/** The line, shortened. */
	text: string;
}

const maxLine = 500;
/** Looks at the output while the detector gets ready, and how much guest time it may need. */
const readyNs = 60e9;
const maxOutput = 4 << 20;

/** A detector cannot be used: a `fail` of the package that brought it. */
export class DetectorFailed extends Error {
	override name = "DetectorFailed";

	constructor(readonly reason: Reason) {
		super(reason.message);
	}
}

/** A detector at work in a guest. */
export class Detector {
	/** Lines that were reported. */
	#seen = 0;
	#bytes = 0;
	#rest = "";
	readonly #whole: string[] = [];
	readonly #decoder = new TextDecoder();

	private constructor(
		private readonly client: GuestClient,
		private readonly command: DetectorCommand,
		readonly pid: number,
		private readonly output: string,
	) {}

	/** Starts it and waits until it watches. @throws DetectorFailed */
	static async start(client: GuestClient, command: DetectorCommand, netns?: number): Promise<Detector> {
		const output = "/run/bpfgate-detector.log";
		const { argv, name, limited } = command;
		let pid: number;
		try {
			({ pid } = await client.call("command_start", {
				...{ argv: [...argv], output, limited },
				...(netns === undefined ? {} : { netns }),
			}));
		} catch (error) {
			if (!(error instanceof GuestError)) throw error;
			throw new DetectorFailed(
				reason("detector-not-started", { detector: name, why: `could not be started: ${error.errnoName}` }),
			);
		}
		const detector = new Detector(client, command, pid, output);
		await detector.#ready();
		return detector;
	}

	/** Alarms since the last call. @throws DetectorFailed when it has ended or floods its output */
	async alarms(): Promise<Alarm[]> {
		const lines = await this.#lines();
		const fresh = lines.slice(this.#seen);
		this.#seen = lines.length;
		return fresh.flatMap((line) => this.command.alarmOf(line) ?? []);
	}

	/** Waits for an alarm until the guest's clock reads `untilNs`. */
	async wait(untilNs: number): Promise<Alarm[]> {
		for (;;) {
			const now = await this.#now();
			const alarms = await this.alarms();
			if (alarms.length > 0 || now >= untilNs) return alarms;
			if (await this.#ended())
				throw new DetectorFailed(
					reason("detector-not-started", { detector: this.command.name, why: "ended" }),
				);
		}
	}

	async #ready(): Promise<void> {
		const { isReady, name } = this.command;
		if (!isReady) return;
		const until = (await this.#now()) + readyNs;
		for (;;) {
			const lines = await this.#lines();
			const at = lines.findIndex(isReady);
			if (at >= 0) {
				this.#seen = at + 1;
				return;
			}
			const last = lines.at(-1);
			const why = (await this.#ended())
				? `ended${last ? `: ${last.slice(0, maxLine)}` : ""}`
				: (await this.#now()) > until
					? `did not say that it watches within ${readyNs / 1e9} seconds`
					: undefined;
			if (why !== undefined)
				throw new DetectorFailed(reason("detector-not-started", { detector: name, why }));
		}
	}

	async #now(): Promise<number> {
		return (await this.client.call("clock_read", {})).monotonic_ns;
	}

	async #ended(): Promise<boolean> {
		return (await this.client.call("command_signal", { pid: this.pid, signal: 0 })).ended;
	}

	/** Whole lines of its output up to now. */
	async #lines(): Promise<readonly string[]> {
		const at = { path: this.output, offset: this.#bytes, max: maxOutput };
		const { data } = await this.client.call("file_read", at);
		this.#bytes += data.length;
		if (this.#bytes >= maxOutput)
			throw new DetectorFailed(
				reason("detector-not-started", { detector: this.command.name, why: "wrote more than 4 MiB" }),
			);
		const pieces = (this.#rest + this.#decoder.decode(data, { stream: true })).split("\n");
		this.#rest = pieces.pop() ?? "";
		this.#whole.push(...pieces);
		return this.#whole;
	}
}

export const shortened = (line: string) => line.slice(0, maxLine);
