// SPDX-License-Identifier: Apache-2.0
import { CommanderError } from "commander";
import { hostFailure, InputError, UndecidedError } from "../../base/errors.js";
import { printable } from "../../base/printable.js";

/** How a command that threw ends: its exit status, and what stderr is told. */
export interface Failure {
	status: number;
	/** One for each thing that is wrong; no stack unless it was asked for. */
	lines: string[];
}

/**
 * 2 for an invalid invocation or input, 3 for everything that kept bpfgate from finding out, its
 * own defects among it.
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
	const undecided = thrown instanceof UndecidedError ? thrown : hostFailure(thrown);
	if (undecided) return { status: 3, lines: [line(`${undecided.message}; ${undecided.hint}`), ...stack] };
	return { status: 3, lines: [line(`${unexpected(thrown)} (BPFGATE_DEBUG=1 shows where)`), ...stack] };
}

function unexpected(thrown: unknown): string {
	if (!(thrown instanceof Error)) return `internal error: ${String(thrown)}`;
	return `internal error: ${thrown.name}: ${thrown.message}`;
}

function line(text: string): string {
	return printable(`bpfgate: ${text}`);
}
