// SPDX-License-Identifier: Apache-2.0

/** The cost of verifying, by the kernel's log; figures that it does not give are absent. */
export interface VerifierStatistics {
	/** Instructions processed on all paths, and the most that the kernel allows. */
	insns_processed?: number;
	insns_limit?: number;
	max_states_per_insn?: number;
	total_states?: number;
	peak_states?: number;
	mark_read?: number;
	/** Bytes of stack of each function; the main program first. */
	stack_depth?: number[];
	/** Bytes of stack of the deepest chain of calls (from 7.3). */
	stack_depth_max?: number;
	/** Wall clock inside the guest. */
	verification_time_us?: number;
}

/** Statistics are a log's last lines: at most so many characters before its end count. */
const tail = 64 * 1024;

const processed =
	/^processed (\d+) insns \(limit (\d+)\) max_states_per_insn (\d+) total_states (\d+) peak_states (\d+) mark_read (\d+)/;

/** Statistics that BPF_LOG_STATS adds to a log, and every log's `processed` line (5.2 to 7.3). */
export function verifierStatistics(log: string): VerifierStatistics {
	const statistics: VerifierStatistics = {};
	const subprograms: number[] = [];
	for (const line of log.slice(-tail).split("\n")) {
		const counts = processed.exec(line);
		if (counts) {
			const [insns, limit, perInsn, total, peak, markRead] = counts.slice(1).map(Number);
			Object.assign(statistics, {
				insns_processed: insns,
				insns_limit: limit,
				max_states_per_insn: perInsn,
				total_states: total,
				peak_states: peak,
				mark_read: markRead,
			});
			continue;
		}
		const time = /^verification time (\d+) usec/.exec(line);
		if (time) statistics.verification_time_us = Number(time[1]);
		const depths = /^stack depth (\d+(?:\+\d+)*)$/.exec(line);
		if (depths) statistics.stack_depth = depths[1]!.split("+").map(Number);
		const deepest = /^stack depth max (\d+)$/.exec(line);
		if (deepest) statistics.stack_depth_max = Number(deepest[1]);
		const subprogram = /^subprog \d+ \([^)]{0,512}\) .{0,512} stack (\d+)$/.exec(line);
		if (subprogram) subprograms.push(Number(subprogram[1]));
	}
	if (subprograms.length > 0) statistics.stack_depth ??= subprograms;
	return statistics;
}
