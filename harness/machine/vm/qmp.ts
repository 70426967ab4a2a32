// SPDX-License-Identifier: Apache-2.0

import type { Duplex } from "node:stream";
import type { UndecidedError } from "../../base/errors.js";
import { undecided } from "../../data/reasons/registry/registry.js";

/** One command of QEMU's machine protocol (docs/interop/qmp-spec): `{execute, arguments}`. */
export interface QmpCommand {
	execute: string;
	arguments?: Record<string, unknown>;
}

interface QmpMessage {
	QMP?: unknown;
	return?: unknown;
	error?: { class: string; desc: string };
	event?: string;
	data?: Record<string, unknown>;
}

/** Only QEMU writes here, not the guest; the limit still bounds memory. */
const maxLineBytes = 1024 * 1024;

/** QEMU refused, or sent something that is not QMP. */
function refused(what: string): UndecidedError {
	return undecided("qemu-refused", { why: what });
}

/** QMP over an inherited socket, pipelined: QEMU runs commands in order, without waiting. */
export class Qmp {
	private readonly waiting: { resolve(value: unknown): void; reject(error: Error): void }[] = [];
	private readonly listeners = new Set<(event: string, data: Record<string, unknown>) => void>();
	private line = "";
	private closed: Error | undefined;

	constructor(private readonly stream: Duplex) {
		stream.setEncoding("utf8");
		stream.on("data", (text: string) => this.read(text));
		stream.on("error", (error) => this.end(error));
		stream.on("end", () => this.end(refused("closed its monitor")));
		this.ready = this.execute({ execute: "qmp_capabilities" });
		this.ready.catch(() => {});
	}

	/** Resolves when QEMU accepts commands. */
	readonly ready: Promise<unknown>;

	/** Runs the commands in order; returns the last result. Throws UndecidedError when refused. */
	async execute(...commands: QmpCommand[]): Promise<unknown> {
		const answers = commands.map(
			() => new Promise((resolve, reject) => this.waiting.push({ resolve, reject })),
		);
		if (this.closed) this.end(this.closed);
		else this.stream.write(commands.map((command) => `${JSON.stringify(command)}\n`).join(""));
		return (await Promise.all(answers)).at(-1);
	}

	/** Calls `listener` for every event until the returned function is called. */
	onEvent(listener: (event: string, data: Record<string, unknown>) => void): () => void {
		this.listeners.add(listener);
		return () => this.listeners.delete(listener);
	}

	private read(text: string): void {
		const lines = (this.line + text).split("\n");
		this.line = lines.pop() ?? "";
		if (this.line.length > maxLineBytes) this.end(refused("a line without end on its monitor"));
		for (const line of lines) {
			try {
				this.accept(JSON.parse(line) as QmpMessage);
			} catch (cause) {
				this.end(refused(`no JSON on its monitor: ${(cause as Error).message}`));
			}
		}
	}

	private accept(message: QmpMessage): void {
		if (message.event) {
			for (const listener of this.listeners) listener(message.event, message.data ?? {});
		} else if (message.error) {
			this.waiting.shift()?.reject(refused(message.error.desc));
		} else if ("return" in message) {
			this.waiting.shift()?.resolve(message.return);
		}
	}

	private end(error: Error): void {
		this.closed ??= error;
		for (const waiting of this.waiting.splice(0)) waiting.reject(this.closed);
	}
}
