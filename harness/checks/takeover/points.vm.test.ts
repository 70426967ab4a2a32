// SPDX-License-Identifier: Apache-2.0
import { describe, expect, it } from "vitest";
import { EBUSY, EEXIST, EINVAL, EOPNOTSUPP } from "../../base/errno.js";
import { agentPath } from "../../machine/guest/build.js";
import { openKernel } from "../../machine/kernel/store.js";
import { Machines } from "../../machine/vm/machine.js";
import { tryTechnique } from "./attempt.js";
import type { Hold } from "./hold.js";
import { hookKind, type TakenHook } from "./hooks.js";
import { standInStage } from "./own-stage.js";
import type { Point } from "./points.js";
import { structOpsTechniques } from "./techniques/struct-ops.js";
import { judged } from "./testjudged.js";
import { expected, idle, only, type Table, triedOn } from "./testtechniques.js";
import { TestWatcher } from "./watcher/testwatcher.js";

const updated = "link-program-replaced";
const detached = "link-force-detached";
const perf: readonly string[] = ["kprobe", "tracepoint", "perf_event"];

/** Links of tracing are neither updated nor detached by command. */
function refusals(hook: TakenHook, hold: Hold): Table {
	switch (hookKind(hook) as Point) {
		case "sk_lookup":
		case "socket_filter":
			return {};
		case "struct_ops":
			return hold === "link" ? only(`refused ${EOPNOTSUPP}`, "struct-ops-deleted") : {};
		case "flow_dissector":
			if (hold === "direct") return {};
			return { "dissector-replaced": `refused ${EEXIST}`, "dissector-detached": `refused ${EINVAL}` };
		case "netfilter":
			return only(`refused ${EOPNOTSUPP}`, updated);
		default:
			return {
				...only(`refused ${EINVAL}`, updated),
				...only(`refused ${EOPNOTSUPP}`, detached),
				...only(`refused ${EEXIST}`, "perf-event-program-set"),
			};
	}
}

it("on 7.3 each technique takes effect on tracing, LSM and network programs, or is refused", async () => {
	const hooks: TakenHook[] = ["kprobe", "tracing", "lsm", "perf_event"];
	hooks.push("netfilter", "sk_lookup", "flow_dissector", "socket_filter", "struct_ops");
	const others = (hook: TakenHook, hold: Hold) => ({
		...refusals(hook, hold),
		"ftrace-off": `refused ${EOPNOTSUPP}`,
	});
	expect(await triedOn("7.3", hooks)).toEqual(expected(hooks, others));
});

it("on 5.10 the same, but that perf events have no link", async () => {
	const linked: TakenHook[] = ["raw_tp", "tracing", "lsm", "sk_lookup", "flow_dissector"];
	linked.push("socket_filter");
	const unlinked: TakenHook[] = ["kprobe", "tracepoint", "perf_event"];
	const others = (hook: TakenHook, hold: Hold): Table =>
		perf.includes(hook)
			? { ...refusals(hook, hold), ...only("lacking", updated, detached) }
			: { ...refusals(hook, hold), "ftrace-off": `refused ${EBUSY}` };
	const wanted = Object.entries(expected([...linked, ...unlinked], others)).filter(
		([name]) => !perf.includes(name.split(" ")[0]!) || name.includes(" link "),
	);
	const directly = "struct_ops direct struct-ops-deleted";
	expect(await triedOn("5.10", [...linked, ...unlinked, "netfilter", "struct_ops"])).toEqual({
		...Object.fromEntries(wanted),
		[directly]: "took",
	});
});

describe("a technique that does nothing has no effect", () => {
	it.each([
		["5.10", "kprobe", "link", ["ftrace-off", "kprobes-disarmed", "link-holder-gone"]],
		["5.10", "perf_event", "link", ["perf-event-disabled"]],
		["7.3", "lsm", "pinned", ["pin-removed"]],
		["7.3", "netfilter", "link", [detached, "netfilter-before"]],
		["7.3", "flow_dissector", "direct", ["dissector-replaced", "dissector-detached"]],
		["5.10", "socket_filter", "direct", ["socket-filter-detached", "socket-filter-replaced"]],
		["7.3", "sk_lookup", "link", [updated, detached]],
		["5.10", "struct_ops", "direct", ["struct-ops-deleted"]],
		["7.3", "struct_ops", "link", ["struct-ops-updated"]],
	] satisfies [string, Point, Hold, string[]][])(
		"on %s at %s, kept by a %s",
		async (id, hook, hold, names) => {
			const results = await idle(id, hook, hold, ...names);
			expect(results.sort()).toEqual(names.map((name) => `${name} no-effect`).sort());
		},
	);
});

it.each(["5.10", "7.3"])("are noticed by bpfgate's watcher on %s, all of them", async (kernel) => {
	const names = ["link-holder-gone", "ftrace-off", "kprobes-disarmed", "perf-event-disabled"];
	names.push("socket-filter-detached", "socket-filter-replaced", "netfilter-before");
	const techniques = kernel === "5.10" ? names : [...names, updated, detached];
	const verdicts = Object.entries(await judged({ techniques }, kernel, "testpoints"));
	expect(verdicts.length).toBeGreaterThan(techniques.length);
	const others = verdicts.filter(
		([, verdict]) => !/^(pass|skip takeover-(refused|unsupported|not-loaded))$/.test(verdict),
	);
	expect(others).toEqual([]);
});

it.each(["5.10", "7.3"])("a struct_ops map that is unregistered is noticed on %s", async (id) => {
	const guest = await new Machines({ agent: agentPath }).clone(await openKernel(id));
	try {
		const stage = await standInStage(guest, "struct_ops", "direct");
		const watcher = await TestWatcher.start(guest);
		await watcher.until({ event: "ready" });
		await stage.meets([stage.program]);
		const deleted = structOpsTechniques.find(({ name }) => name === "struct-ops-deleted")!;
		expect(await tryTechnique(stage, deleted)).toMatchObject({ result: "took" });
		const lines = await watcher.until({ kind: "map", change: "changed", signal: "poll" });
		const changes = lines.filter(({ event }) => event === "change");
		expect(changes.map(({ kind }) => kind)).toEqual(["map"]);
	} finally {
		await guest.dispose();
	}
});
