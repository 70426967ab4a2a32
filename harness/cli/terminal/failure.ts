// SPDX-License-Identifier: Apache-2.0
import { CommanderError } from "commander";
import { hostFailure, InputError, UndecidedError } from "../../base/errors.js";
import { printable } from "../../base/printable.js";

/** How a command that threw ends. */
export interface Failure {
	status: number;
	/** Lines for standard error: one for each mistake, then the stack if it was asked for. */
	lines: string[];
}

/** Status 2 for an invalid invocation or input, 3 for all else. @param debug adds the stack */
export function failureOf(thrown: unknown, debug: boolean): Failure {
	if (thrown instanceof CommanderError) return { status: thrown.exitCode === 0 ? 0 : 2, lines: [] };
	const stack = debug && thrown instanceof Error && thrown.stack ? thrown.stack.split("\n") : [];
	if (thrown instanceof AggregateError && thrown.errors.every((error) => error instanceof InputError)) {
		return { status: 2, lines: [...thrown.errors.map((error: InputError) => line(error.message)), ...stack] };
	}
	if (thrown instanceof InputError) return { status: 2, lines: [line(thrown.message), ...stack] };
	const undecided = thrown instanceof UndecidedError ? thrown : hostFailure(thrown);
	if (undecided) {
		const { message, hint } = undecided;
		return { status: 3, lines: [line(`${message}${/^[A-Z]/.test(hint) ? "." : ";"} ${hint}`), ...stack] };
	}
	return { status: 3, lines: [line(`${unexpected(thrown)} (BPFGATE_DEBUG=1 shows where)`), ...stack] };
}

function unexpected(thrown: unknown): string {
	if (!(thrown instanceof Error)) return `internal error: ${String(thrown)}`;
	return `internal error: ${thrown.name}: ${thrown.message}`;
}

function line(text: string): string {
	return printable(`bpfgate: ${text}`);
}
