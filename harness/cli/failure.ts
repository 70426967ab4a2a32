// SPDX-License-Identifier: Apache-2.0
import { CommanderError } from "commander";
import { InputError, systemReason, UndecidedError } from "../errors.js";
import { printable } from "../report/printable.js";

/** How a command that threw ends: its exit status, and what stderr is told. */
export interface Failure {
	status: number;
	/** One for each thing that is wrong; no stack unless it was asked for. */
	lines: string[];
}

/**
 * 2 for an invalid invocation or input, 3 for everything that kept bpfgate from finding out, its own defects among it.
 *
 * @param debug adds the stack (BPFGATE_DEBUG=1)
 */
export function failureOf(thrown: unknown, debug: boolean): Failure {
	if (thrown instanceof CommanderError) return { status: thrown.exitCode === 0 ? 0 : 2, lines: [] };
	const stack = debug && thrown instanceof Error && thrown.stack ? thrown.stack.split("\n") : [];
	if (thrown instanceof AggregateError && thrown.errors.every((error) => error instanceof InputError)) {
		return { status: 2, lines: [...thrown.errors.map((error: InputError) => line(error.message)), ...stack] };
	}
	if (thrown instanceof InputError) return { status: 2, lines: [line(thrown.message), ...stack] };
	if (thrown instanceof UndecidedError) {
		return { status: 3, lines: [line(`${thrown.message}; ${thrown.hint}`), ...stack] };
	}
	if (isOfHost(thrown)) return { status: 3, lines: [line(ofHost(thrown)), ...stack] };
	return { status: 3, lines: [line(`${unexpected(thrown)} (BPFGATE_DEBUG=1 shows where)`), ...stack] };
}

function unexpected(thrown: unknown): string {
	if (!(thrown instanceof Error)) return `internal error: ${String(thrown)}`;
	return `internal error: ${thrown.name}: ${thrown.message}`;
}

/** A full disk or a forbidden folder is no defect of bpfgate. */
function isOfHost(thrown: unknown): thrown is NodeJS.ErrnoException {
	return thrown instanceof Error && "syscall" in thrown;
}

function ofHost(error: NodeJS.ErrnoException): string {
	const { path, code = "", syscall } = error;
	const what = `${path === undefined ? "" : `${path}: `}${systemReason(error)} (${syscall})`;
	const mend = mends[code];
	return mend === undefined ? `${what} (BPFGATE_DEBUG=1 shows where)` : `${what}; ${mend}`;
}
const elsewhere = "or name another folder with BPFGATE_CACHE or TMPDIR";
const mends: Record<string, string> = {
	EACCES: `give this user the right to it, ${elsewhere}`,
	EPERM: `give this user the right to it, ${elsewhere}`,
	EROFS: `it is mounted read-only; mount it writable, ${elsewhere}`,
	ENOSPC: `make room there, ${elsewhere}`,
	ENOTDIR: `there is a file where a folder should be; move it away, ${elsewhere}`,
};

function line(text: string): string {
	return printable(`bpfgate: ${text}`);
}
