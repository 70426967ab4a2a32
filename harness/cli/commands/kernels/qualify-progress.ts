// SPDX-License-Identifier: Apache-2.0
import { createLogUpdate } from "log-update";
import { printable } from "../../../base/printable.js";
import type { Asking } from "../../../run/qualify-kernels.js";
import { table } from "../../terminal/table.js";

interface QualifyProgress {
	on(asking: Asking): void;
	/** Clears the live lines. */
	end(): void;
}

/** Milliseconds between two lines about one kernel and area, without a terminal. */
const interval = 30_000;

/** One live line for each kernel and area on a terminal; elsewhere lines now and then. */
export function qualifyProgress(stream: NodeJS.WriteStream): QualifyProgress {
	if (!stream.isTTY) return plainProgress((line) => stream.write(`${line}\n`));
	const update = createLogUpdate(stream);
	const latest = new Map<string, string[]>();
	return {
		on({ kernel, area, answered, of }) {
			const key = `${kernel} ${area}`;
			if (answered < of) latest.set(key, [printable(kernel), area, countOf(answered, of)]);
			else latest.delete(key);
			update(table([...latest.values()]));
		},
		end: () => update.clear(),
	};
}

/** A line when a kernel is asked, when it has answered everything, and every half minute. */
export function plainProgress(
	write: (line: string) => void,
	clock = () => performance.now(),
): QualifyProgress {
	const written = new Map<string, number>();
	return {
		on({ kernel, area, answered, of }) {
			const key = `${kernel} ${area}`;
			const isDue = clock() - (written.get(key) ?? Number.NEGATIVE_INFINITY) >= interval;
			if (answered > 0 && answered < of && !isDue) return;
			written.set(key, clock());
			write(
				answered === 0
					? `${printable(kernel)}: asking about ${area}`
					: `${printable(kernel)}: ${area}: ${countOf(answered, of)}`,
			);
		},
		end() {},
	};
}

const countOf = (answered: number, of: number) => `${answered} of ${of} answers`;
