// SPDX-License-Identifier: Apache-2.0
import type { Splat } from "./guest.js";

/** Kept of each kind: many of one do not hide another. */
const maxOfKind = 32;
const maxLines = 120;
const maxTextBytes = 16 * 1024;

/**
 * First lines of kernel reports, the first match wins (5.10 to 7.3: kernel/panic.c, watchdog*.c,
 * rcu/tree_stall.h, hung_task.c, mm/oom_kill.c, dumpstack.c and fault.c of each architecture).
 */
const openings: [kind: Splat["kind"], pattern: RegExp][] = [
	["out-of-memory", /^Kernel panic - not syncing: (?:Out of memory|System is deadlocked on memory)/],
	["panic", /^Kernel panic - not syncing: /],
	[
		"lockup",
		/^(?:NMI )?watchdog: (?:BUG: soft lockup - CPU#|(?:CPU\d+: )?Watchdog detected hard LOCKUP on cpu )/,
	],
	["lockup", /^BUG: workqueue lockup - pool/],
	["rcu-stall", /^(?:rcu: )?INFO: rcu_\w+ (?:self-detected stall|detected (?:expedited )?stalls?) on /],
	["hung-task", /^INFO: task .{1,64}:\d+ blocked (?:in I\/O wait )?for more than \d+ seconds/],
	["out-of-memory", /^.{1,64} invoked oom-killer: gfp_mask=/],
	["out-of-memory", /^(?:Out of memory|Memory cgroup out of memory): Killed process \d+/],
	["out-of-memory", /^.{1,64}: page allocation failure: order:\d+/],
	["warn", /^WARNING: CPU: \d+ PID: \d+ at /],
	["warn", /^WARNING: (?:.+ )?at \S+(?: \[.+\])?, CPU#\d+: /],
	[
		"warn",
		/^WARNING: (?:possible (?:circular|recursive|irq)|suspicious RCU usage|inconsistent lock state|bad unlock)/,
	],
	["oops", /^BUG: (?:kernel NULL pointer dereference|unable to handle (?:page fault|kernel ))/],
	["oops", /^Unable to handle kernel .+(?: at virtual address| in virtual kernel address space)/],
	["oops", /^traps: PANIC: /],
	["bug", /^(?:kernel BUG at \S+:\d+!|UBSAN: \S+ in |BUG: )/],
	["oops", /^[A-Za-z][^[]{1,200} \[#\d+\](?: [A-Z]+)*$/],
];

/** `Oops: 0002 [#1] SMP` after the line with the reason: the same report continues. */
const dieHeader = /\[#\d+\](?: [A-Z]+)*$/;
/** Consecutive lines of one out-of-memory kill: the caller, then the victim. */
const oomEnd = /^(?:Out of memory|Memory cgroup out of memory): Killed process /;
const cutHere = /^-+\[ cut here \]-+$/;
/** The runner's mark, after which all earlier output is read; see Instance. */
const mark = /^bpfgate: mark [0-9a-f]{32}$/;
const ending = /^---\[ end (?:trace|Kernel panic)/;

/** `[   12.345678] `, with the caller's id where the kernel prints that (CONFIG_PRINTK_CALLER). */
const stamp = /\[ *\d+\.\d{6}\](?:\[ *[TC]\d+\])? /;
const lineStarts = new RegExp(`(?=${stamp.source})`);

interface Report {
	kind: Splat["kind"];
	lines: string[];
	bytes: number;
	/** Undefined when enough of its kind were kept before. */
	kept: Splat | undefined;
}

/**
 * Finds kernel reports on the console. Processes can write there too: they can add a splat, but not
 * hide one, since only lines with a time stamp are the kernel's, and lines are cut before each.
 */
export class SplatReader {
	/** Complete and begun ones, in order, bounded. */
	readonly splats: Splat[] = [];
	/** How many were not kept. */
	dropped = 0;
	private readonly counts = new Map<Splat["kind"], number>();
	private report: Report | undefined;
	/** The start of a cut line, until its kind is known. */
	private preface: string[] | undefined;

	/** One line of the console, without its line end. */
	line(raw: string): void {
		if (!raw.includes("[")) return; // Keeps a flood cheap.
		for (const part of raw.split(lineStarts)) {
			const found = stamp.exec(part);
			if (found?.index === 0) this.kernelLine(part.slice(found[0].length).trimEnd(), part);
		}
	}

	private kernelLine(text: string, raw: string): void {
		if (cutHere.test(text) || mark.test(text)) {
			this.close();
			if (cutHere.test(text)) this.preface = [raw];
			return;
		}
		const kind = openings.find(([, pattern]) => pattern.test(text))?.[0];
		if (kind && !this.continues(kind, text)) this.open(kind, text);
		else if (this.preface && ending.test(text)) this.open("warn", this.preface[1] ?? text);
		if (this.preface && this.preface.length < maxLines) this.preface.push(raw);
		else this.add(raw);
		if (ending.test(text)) this.close();
	}

	/** True when an opening line belongs to the current report. */
	private continues(kind: Splat["kind"], text: string): boolean {
		const open = this.report?.kind;
		if (open === "panic") return true;
		if (open === "oops" || open === "bug") return dieHeader.test(text);
		return open === "out-of-memory" && kind === "out-of-memory" && oomEnd.test(text);
	}

	private open(kind: Splat["kind"], title: string): void {
		const preface = this.preface ?? [];
		this.close();
		const above = preface[1]?.replace(stamp, "").trim().slice(0, 512);
		const message = above && above !== title && kind === "warn" ? { message: above } : {};
		const count = (this.counts.get(kind) ?? 0) + 1;
		this.counts.set(kind, count);
		const kept = count > maxOfKind ? undefined : { kind, title: title.slice(0, 512), ...message, text: "" };
		if (kept) this.splats.push(kept);
		else this.dropped++;
		this.report = { kind, lines: [], bytes: 0, kept };
		for (const line of preface) this.add(line);
	}

	private add(raw: string): void {
		const report = this.report;
		if (!report) return;
		report.lines.push(raw);
		report.bytes += raw.length + 1;
		if (report.kept) report.kept.text = report.lines.join("\n").slice(0, maxTextBytes);
		if (report.lines.length >= maxLines || report.bytes >= maxTextBytes) this.close();
	}

	private close(): void {
		this.report = undefined;
		this.preface = undefined;
	}
}
