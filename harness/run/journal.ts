// SPDX-License-Identifier: Apache-2.0
import { randomUUID } from "node:crypto";
import { closeSync, openSync, writeSync } from "node:fs";
import { readdir, rm, stat } from "node:fs/promises";
import { join } from "node:path";
import { type Static, Type } from "@sinclair/typebox";
import { alive } from "../base/abandoned.js";
import { cacheRoot } from "../base/cache-root.js";
import { makeFolder, readRegular, sha256 } from "../base/host-files.js";
import { CaseResult } from "../base/results.js";
import { validator } from "../base/validate.js";

/** A finished cell: a line of a journal. */
export const JournalCell = Type.Object(
	{
		/** Of everything that decides the results: `cellKey`. */
		key: Type.String({ pattern: "^[0-9a-f]{64}$" }),
		finished: Type.String({ description: "RFC 3339, UTC" }),
		release: Type.Optional(Type.String({ description: "`uname -r` as the guest gave it" })),
		results: Type.Array(CaseResult),
	},
	{ additionalProperties: false },
);
export type JournalCell = Static<typeof JournalCell>;
const schema = validator(JournalCell);

const maxBytes = 256 * 1024 * 1024;
/** Journals of runs that did not end, the newest. */
const maxKept = 16;
const nameOfJournal = /^run-(\d+)-[0-9a-f-]{36}\.jsonl$/;

/** What journals of earlier runs hold. */
export interface EarlierCells {
	/** The newest of each key, and the journal that holds it. */
	readonly cells: ReadonlyMap<string, JournalCell & { path: string }>;
	/** Damaged lines of each journal that has some; 0 when it cannot be read. */
	readonly damaged: ReadonlyMap<string, number>;
}

/**
 * The finished cells of a run, a line for each as it ends, so that a run that is killed can be
 * continued. A run that ends by itself removes its journal. Without a writable cache there is none.
 */
export class Journal {
	#file: number | undefined;
	#off = false;
	readonly #path: string;

	constructor(private readonly folder = journalFolder()) {
		this.#path = join(folder, `run-${process.pid}-${randomUUID()}.jsonl`);
	}

	async add(cell: JournalCell): Promise<void> {
		if (this.#off) return;
		try {
			if (this.#file === undefined) {
				await makeFolder(this.folder);
				await removeOldest(this.folder);
				this.#file = openSync(this.#path, "ax", 0o600);
			}
			const line = Buffer.from(lineOf(cell));
			if (writeSync(this.#file, line) < line.length) this.#off = true;
		} catch {
			this.#off = true;
		}
	}

	/** @param complete no run has to continue this one */
	async end(complete: boolean): Promise<void> {
		this.#off = true;
		if (this.#file === undefined) return;
		closeSync(this.#file);
		this.#file = undefined;
		if (complete) await rm(this.#path, { force: true }).catch(() => {});
	}
}

export function journalFolder(): string {
	return join(cacheRoot(), "journals");
}

/** `["<sha256>",{…}]`: what is damaged, or was cut when the machine stopped, shows. */
export function lineOf(cell: JournalCell): string {
	const text = JSON.stringify(cell);
	return `["${sha256(text)}",${text}]\n`;
}

/** The cells of all journals. Damaged lines do not count; a last line that is cut is normal. */
export async function earlierCells(folder = journalFolder()): Promise<EarlierCells> {
	const cells = new Map<string, JournalCell & { path: string }>();
	const damaged = new Map<string, number>();
	for (const { path } of await journals(folder)) {
		let text: string;
		try {
			text = Buffer.from(await readRegular(path, maxBytes)).toString("utf8");
		} catch {
			damaged.set(path, 0);
			continue;
		}
		const whole = text.split("\n").slice(0, -1);
		let lines = 0;
		for (const line of whole) {
			const cell = cellOf(line);
			if (cell) cells.set(cell.key, { ...cell, path });
			else lines++;
		}
		if (lines > 0) damaged.set(path, lines);
	}
	return { cells, damaged };
}

function cellOf(line: string): JournalCell | undefined {
	const [, digest, text] = /^\["([0-9a-f]{64})",(.*)\]$/.exec(line) ?? [];
	if (text === undefined || sha256(text) !== digest) return undefined;
	try {
		const value: unknown = JSON.parse(text);
		return schema.accepts(value) ? value : undefined;
	} catch {
		return undefined;
	}
}

/** Journals, the oldest first. */
async function journals(folder: string): Promise<{ path: string; pid: number; changed: number }[]> {
	const names = await readdir(folder).catch(() => []);
	const found = await Promise.all(
		names.map(async (name) => {
			const pid = nameOfJournal.exec(name)?.[1];
			if (pid === undefined) return [];
			const path = join(folder, name);
			const changed = await stat(path).then(
				({ mtimeMs }) => mtimeMs,
				() => undefined,
			);
			return changed === undefined ? [] : [{ path, pid: Number(pid), changed }];
		}),
	);
	return found.flat().sort((a, b) => a.changed - b.changed);
}

async function removeOldest(folder: string): Promise<void> {
	const ended = (await journals(folder)).filter(({ pid }) => !alive(pid));
	for (const { path } of ended.slice(0, Math.max(0, ended.length - maxKept + 1)))
		await rm(path, { force: true }).catch(() => {});
}
