// SPDX-License-Identifier: Apache-2.0
import type { Hold } from "./hold.js";
import type { TakenHook } from "./hooks.js";
import type { Technique } from "./technique.js";
import type { DispatcherTechnique } from "./techniques/dispatchers.js";
import type { MapTechnique } from "./techniques/maps.js";

/** What one technique did on one kernel. */
export interface Measured {
	kernel: string;
	hook: TakenHook | "dispatcher";
	hold: Hold;
	technique: string;
	/** `took`, the errno of a refusal, or in parentheses what the kernel lacks. */
	said: string;
	/** What the built-in watcher said of a takeover that took effect; absent: it did not watch. */
	alarm?: { signal?: string; latencyMs?: number } | "none";
}

const holds: Readonly<Record<Hold, string>> = {
	link: "a process holds a link",
	pinned: "a pin holds a link",
	direct: "no link",
};

/** docs/takeovers.md, from the techniques and from what was measured. */
export function takeoversPage(
	measured: readonly Measured[],
	techniques: readonly (Technique | DispatcherTechnique | MapTechnique)[],
): string {
	const kernels = [...new Set(measured.map(({ kernel }) => kernel))];
	return `${[
		"# Takeovers: what can be done to a hook, and what to do about it",
		intro,
		"## The techniques",
		table(
			["technique", "what it does", "who can", "betrayed by", "what to do"],
			techniques.map(({ name, summary, needs, betrayedBy, advice }) => [
				...[`\`${name}\``, summary, needs === "root" ? "root" : "any user"],
				...[betrayedBy.join(", "), advice],
			]),
		),
		"## What the kernels allow",
		measuredIntro,
		table(["hook", "kept by", "technique", ...kernels], rows(measured, kernels)),
		"## What the built-in watcher notices",
		noticed(measured),
	].join("\n\n")}\n`;
}

const intro = `The takeover check carries these techniques out against the programs of a package, each in a guest
of its own, and asks whether a detector notices: [\`bpfgate watch-hooks\`](watch-hooks.md), or the
package's own, which the manifest names:

    "guest": { "files": [{ "from": "watch", "to": "/usr/bin/watch" }] },
    "takeover": { "hold": "link", "detector": { "command": ["/usr/bin/watch", "chain1"] } }

It prints a line that begins with \`ready\` once it watches; each later line is an alarm. The hook is
that of device \`chain1\` (incoming packets), \`chain0\` (outgoing packets, netkit) or of the cgroup
\`bpfgate-takeover\`, and the detector runs in the device's network namespace. A detector that ends,
floods its output, is never ready, or raises an alarm before anything happened fails the case. The
check runs for packages with \`takeover\` in their manifest (\`{}\` is enough), and for any package
with \`--check takeover\`.

That a takeover took effect is decided by live traffic: packets or calls that no longer meet the
program, or meet another one instead; for maps by what their owner reads and may write. A technique
that the kernel refuses is a \`skip\` that says so: that way into the hook is closed.

A case \`nothing-taken\` for each program, and one for the maps of an object, sends the same traffic
and takes nothing: an alarm within 3 s is false there, so that a detector which raises one whatever
happens does not pass.

The case \`score\` counts what the detector noticed of all that took effect, by group of technique
(\`hook\`, the \`way\` there, \`data\`, \`watcher\`), and names what it misses. Two poor detectors, as
\`takeover.vm.test.ts\` scores them:

- One that asks for the id of its interface's program each second, as orchestrators do, notices
  another program and none. It misses another mode (\`xdp-mode-changed\`) and everything about maps.
- The kernel's audit (a small reader of AUDIT_BPF records, which first sees its own program loaded
  and unloaded) notices no takeover of a cgroup's program, directly attached or by a link: audit
  reports programs that are loaded and unloaded, and the one that takes over is loaded already.

This page is written by \`npm run takeovers\`.`;

const measuredIntro = `\`took\`: traffic no longer met the program; then what betrayed it to the built-in watcher, and after
how many milliseconds, or that nothing did. An errno: the kernel refused, and traffic still met it.
In parentheses: what the kernel or the guest lacks. An empty cell: not measured. A \`kprobe\`,
\`tracepoint\` or \`perf_event\` program has no link before 5.15: its process holds a perf event.

Of a package, \`struct_ops\` maps and members of dispatchers are not taken. Here they are bpfgate's
own: a congestion control, and a member that drops every packet.

What looks like a takeover and is none, as measured on 5.10 and 7.3: programs of kprobes,
tracepoints, raw tracepoints and fentry go on running after a filter or 0 in \`enable\` of the
tracepoint, 0 in \`tracing_on\`, an emptied \`kprobe_events\`, the function in \`set_ftrace_notrace\`
and 3 in \`perf_event_paranoid\`; those of kprobes and tracepoints also after PERF_EVENT_IOC_DISABLE
on their perf event, which returns 0.`;

function rows(measured: readonly Measured[], kernels: readonly string[]): string[][] {
	const groups = new Map<string, Measured[]>();
	for (const each of measured) {
		const key = `${each.hook} ${each.hold} ${each.technique}`;
		groups.set(key, [...(groups.get(key) ?? []), each]);
	}
	return [...groups.values()].map((group) => {
		const [{ hook, hold, technique }] = group as [Measured];
		const answers = kernels.map((id) => answer(group.find(({ kernel }) => kernel === id)));
		return [`\`${hook}\``, holds[hold], `\`${technique}\``, ...answers];
	});
}

function answer(of: Measured | undefined): string {
	if (of?.alarm === undefined) return of?.said ?? "";
	if (of.alarm === "none") return `${of.said}, unnoticed`;
	const { signal = "?", latencyMs } = of.alarm;
	return `${of.said}: ${signal}${latencyMs === undefined ? "" : `, ${milliseconds(latencyMs)}`}`;
}

const milliseconds = (ms: number) => `${ms < 10 ? ms.toFixed(1) : Math.round(ms)} ms`;

/** How many takeovers were noticed, how fast by each signal, and which were not. */
function noticed(measured: readonly Measured[]): string {
	const latencies = new Map<string, number[]>();
	const missed = new Map<string, string[]>();
	let [took, count] = [0, 0];
	for (const { alarm, technique, hook, kernel } of measured) {
		if (alarm === undefined) continue;
		took++;
		if (alarm === "none") {
			const name = `\`${technique}\` on \`${hook}\``;
			missed.set(name, [...(missed.get(name) ?? []), kernel]);
			continue;
		}
		count++;
		const { signal = "?", latencyMs } = alarm;
		if (latencyMs !== undefined) latencies.set(signal, [...(latencies.get(signal) ?? []), latencyMs]);
	}
	const rows = [...latencies].map(([signal, all]) => {
		const sorted = [...all].sort((a, b) => a - b);
		const at = (part: number) => milliseconds(sorted[Math.floor((sorted.length - 1) * part)]!);
		return [`\`${signal}\``, `${sorted.length}`, at(0.5), at(0.95), at(1)];
	});
	const unnoticed = [...missed].map(([name, kernels]) => `- ${name}: ${kernels.join(", ")}`);
	return [
		`It notices ${count} of the ${took} takeovers above that took effect while it watched. Milliseconds are of
the guest's clock, from before the call to the alarm; the signal is what betrayed the takeover.`,
		table(["signal", "takeovers", "median", "95 of 100 within", "slowest"], rows),
		unnoticed.length === 0 ? "It misses none." : `It misses:\n\n${unnoticed.join("\n")}`,
	].join("\n\n");
}

function table(head: readonly string[], body: readonly (readonly string[])[]): string {
	const line = (cells: readonly string[]) => `| ${cells.join(" | ")} |`;
	return [line(head), line(head.map(() => "---")), ...body.map(line)].join("\n");
}
