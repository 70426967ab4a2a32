// SPDX-License-Identifier: Apache-2.0
import { InputError } from "../../base/errors.js";

/** A parser of what comes from outside, and good inputs for it. */
export interface FuzzTarget {
	name: string;
	/** Good inputs; changed ones are made of them. */
	seeds(): readonly Uint8Array[] | Promise<readonly Uint8Array[]>;
	/** The seeds are JSON documents: members of them are changed too, not bytes alone. */
	json?: true;
	/** Pieces of text that mean something to the parser. */
	words?: readonly string[];
	/** Does with an input all that the program does with it. @throws what the program throws */
	read(input: Uint8Array): unknown;
	/** Whether an error refuses the input; an InputError does when this is absent. */
	refuses?(error: unknown): boolean;
	/** `read` accepts signed content: all but the seeds must be refused. */
	seedsOnly?: true;
}

/** The parser did what it must not do. */
export class Fault extends Error {
	override name = "Fault";
	constructor(
		readonly kind: "crash" | "slow" | "memory" | "accepted" | "message",
		message: string,
		options?: { cause?: unknown },
	) {
		super(`${kind}: ${message}`, options);
	}
}

/** Most that one input may take: milliseconds of processor time, bytes. */
export const mostMilliseconds = 1000;
export const mostBytes = 200 * 1024 * 1024;
/** Characters of a message that is still one line to a reader. */
const longestMessage = 1100;

export interface Outcome {
	/** Why it was refused; absent when it was accepted. */
	refusal?: Error;
	/** Processor time of the whole process. */
	milliseconds: number;
}

/** Gives one input to the parser. @throws Fault */
export async function outcomeOf(target: FuzzTarget, input: Uint8Array, isSeed: boolean): Promise<Outcome> {
	const peak = peakBytes();
	const resident = process.memoryUsage.rss();
	const start = process.cpuUsage();
	let refusal: Error | undefined;
	try {
		await target.read(input);
	} catch (error) {
		refusal = refusalOf(target, error);
	}
	const { user, system } = process.cpuUsage(start);
	const milliseconds = (user + system) / 1000;
	if (milliseconds > mostMilliseconds)
		throw new Fault("slow", `${milliseconds.toFixed(0)} ms of processor time for ${input.length} bytes`);
	const grown = peakBytes() > peak ? peakBytes() - resident : 0;
	if (grown > mostBytes)
		throw new Fault("memory", `${Math.round(grown / 2 ** 20)} MiB for ${input.length} bytes`);
	if (!refusal && !isSeed && target.seedsOnly)
		throw new Fault("accepted", `${input.length} bytes that have no signature`);
	return { ...(refusal ? { refusal } : {}), milliseconds };
}

function peakBytes(): number {
	return process.resourceUsage().maxRSS * 1024;
}

function refusalOf({ refuses = isInputError }: FuzzTarget, error: unknown): Error {
	if (!refuses(error)) throw new Fault("crash", String(error), { cause: error });
	const { length } = (error as Error).message;
	if (length > longestMessage) throw new Fault("message", `${length} characters`, { cause: error });
	return error as Error;
}

function isInputError(error: unknown): boolean {
	return error instanceof InputError;
}
