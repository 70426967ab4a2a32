// SPDX-License-Identifier: Apache-2.0
import { tmpdir } from "node:os";
import { isAbsolute, relative } from "node:path";
import { cacheRoot } from "./cache-root.js";

/**
 * The invocation or something that came from outside (manifest, object, archive, kernel image,
 * policy) is invalid. Ends the command with exit status 2; `message` is one line: file, place,
 * reason.
 */
export class InputError extends Error {
	override name = "InputError";
	readonly place: string;
	readonly reason: string;

	/**
	 * @param file the file, as the user named it
	 * @param place where in the file: a JSON pointer, a section, an offset; empty for the whole
	 * file
	 * @param reason what is wrong, without a full stop
	 */
	constructor(
		readonly file: string,
		place: string,
		reason: string,
		options?: { cause?: unknown },
	) {
		const where = bounded(place, mostOfPlace);
		const why = bounded(reason, mostOfReason);
		super(`${file}: ${where === "" ? "" : `${where}: `}${why}`, options);
		this.place = where;
		this.reason = why;
	}
}

/** Characters; both may quote names and values of any length. */
const mostOfPlace = 300;
const mostOfReason = 700;

/** The text without its middle when it is too long: what matters stands at both ends. */
function bounded(text: string, most: number): string {
	const half = Math.floor(most / 2);
	return text.length <= most ? text : `${text.slice(0, half)} […] ${text.slice(-half)}`;
}

/** Where a value was read, for messages. */
export interface Place {
	/** As the user named it. */
	file: string;
	/** JSON pointer. */
	pointer: string;
}

export function within({ file, pointer }: Place, ...keys: readonly (string | number)[]): Place {
	return { file, pointer: [pointer, ...keys].join("/") };
}

export function wrong({ file, pointer }: Place, reason: string): InputError {
	return new InputError(file, pointer, reason);
}

/** The system's own words for a failed call: `no such file or directory`. */
export function systemReason(error: unknown): string {
	const message = error instanceof Error ? error.message : String(error);
	return /^E[A-Z0-9]+: (.*?), \w+/.exec(message)?.[1] ?? message.split("\n")[0] ?? "";
}

/** The system refuses to read a file or folder. */
export function unreadable(file: string, cause: unknown): InputError {
	return new InputError(file, "", `cannot be read: ${systemReason(cause)}`, { cause });
}

/**
 * bpfgate could not find out: the VM, the host or bpfgate itself failed. Inside a run it becomes
 * the outcome `error` of the cells it touches; outside a run it ends the command with exit status
 * 3.
 */
export class UndecidedError extends Error {
	override name = "UndecidedError";

	/**
	 * @param code stable, kebab-case; becomes `reason.code`
	 * @param message one line: what happened, on which kernel or file
	 * @param hint what the reader can do about it
	 * @param options `inGuest`: something in a guest that was up caused it, not the host
	 */
	constructor(
		readonly code: string,
		message: string,
		readonly hint: string,
		private readonly options: { cause?: unknown; inGuest?: boolean } = {},
	) {
		super(message, options);
	}

	get inGuest(): boolean {
		return this.options.inGuest === true;
	}
}

/** `host-failed` when a system call failed, such as for a full disk; undefined for other errors. */
export function hostFailure(error: unknown): UndecidedError | undefined {
	if (!(error instanceof Error) || !("syscall" in error)) return undefined;
	const { path, code = "", syscall } = error as NodeJS.ErrnoException;
	const home = homes().find(({ folder }) => path !== undefined && isWithin(path, folder));
	const what = `${path === undefined ? "" : `${path}: `}${systemReason(error)} (${syscall})`;
	const where = home && code === "EROFS" ? `${home.name} ${home.folder} is read-only: ` : "";
	const fix = fixes[code];
	const hint = fix === undefined ? "BPFGATE_DEBUG=1 shows where" : `${fix}, or ${elsewhere(path, home)}`;
	return new UndecidedError("host-failed", `${where}${what}`, hint, { cause: error });
}

const homes = () => [
	{ name: "the cache", folder: cacheRoot(), variable: "BPFGATE_CACHE" },
	{ name: "the folder for temporary files", folder: tmpdir(), variable: "TMPDIR" },
];

function elsewhere(path: string | undefined, home: { variable: string } | undefined): string {
	if (home) return `name another folder with ${home.variable}`;
	return path === undefined ? "name another folder with BPFGATE_CACHE or TMPDIR" : "name another place";
}

function isWithin(path: string, folder: string): boolean {
	const way = relative(folder, path);
	return way !== ".." && !way.startsWith("../") && !isAbsolute(way);
}

const fixes: Record<string, string> = {
	EACCES: "give this user access to it",
	EPERM: "give this user access to it",
	EROFS: "mount it writable",
	ENOSPC: "free some space there",
	EDQUOT: "free some space there",
	ENOTDIR: "move the file that stands where a folder should be",
};
