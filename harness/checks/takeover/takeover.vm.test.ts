// SPDX-License-Identifier: Apache-2.0
import { describe, expect, it } from "vitest";
import { judged } from "./testjudged.js";

const detectedBy = (how: string, ...techniques: string[]) => ({
	...(techniques.length > 0 ? { techniques } : {}),
	detector: { command: ["/usr/bin/detector", how, "chain1"] },
});

describe("takeovers of an XDP program", () => {
	it("are noticed by a detector that looks at the program's id, where the id changes", async () => {
		const names = ["xdp-replaced", "xdp-removed", "xdp-mode-changed"];
		expect(await judged({ hold: "direct", ...detectedBy("poll", ...names) })).toEqual({
			"guard/xdp-replaced": "pass",
			"guard/xdp-removed": "pass",
			"guard/xdp-mode-changed": "fail takeover-unnoticed",
			"guard/nothing-taken": "pass",
			score: "fail takeovers-missed",
		});
	});

	it("are refused where a link holds the program, but for those of the link", async () => {
		const names = ["xdp-replaced", "link-program-replaced", "map-written", "map-emptied"];
		expect(await judged(detectedBy("poll", ...names), "5.10")).toEqual({
			"guard/xdp-replaced": "skip takeover-refused",
			"guard/link-program-replaced": "pass",
			"allowed/map-written": "fail takeover-unnoticed",
			"allowed/map-emptied": "skip takeover-unsupported",
			"guard/nothing-taken": "pass",
			"allowed/nothing-taken": "pass",
			score: "fail takeovers-missed",
		});
	});
});

// It first saw audit report a program that it loaded and unloaded itself.
it.each([
	["5.10", "direct"],
	["7.3", "link"],
])(
	"of a cgroup's program are not noticed by the kernel's audit alone on %s: held %s",
	async (kernel, hold) => {
		const found = await judged({ hold, ...detectedBy("audit") }, kernel, "testcgroup");
		const { score, "allow/nothing-taken": nothing, ...cases } = found;
		expect(nothing).toBe("pass");
		expect(score).toBe("fail takeovers-missed");
		const took = Object.values(cases).filter((verdict) => !verdict.startsWith("skip"));
		expect(took.length).toBeGreaterThan(1);
		expect(new Set(took)).toEqual(new Set(["fail takeover-unnoticed"]));
	},
);

it.each(["5.10", "7.3"])("are noticed by bpfgate's watcher on %s, all of them", async (kernel) => {
	const verdicts = Object.entries(await judged({}, kernel));
	expect(verdicts.length).toBeGreaterThan(9);
	expect(
		verdicts.filter(([, verdict]) => !/^(pass|skip takeover-(refused|unsupported))$/.test(verdict)),
	).toEqual([]);
});

it("of a cgroup's program are noticed by bpfgate's watcher", async () => {
	const refused = "skip takeover-refused";
	expect(await judged({}, "7.3", "testcgroup")).toEqual({
		"allow/program-replaced": refused,
		"allow/program-detached": refused,
		"allow/link-program-replaced": "pass",
		"allow/link-force-detached": "pass",
		"allow/link-holder-gone": "pass",
		"allow/process-moved": "pass",
		"allow/nothing-taken": "pass",
		score: "pass",
	});
});

it.each(["5.10", "7.3"])(
	"of a program array's slot are noticed by bpfgate's watcher on %s",
	async (kernel) => {
		const techniques = ["slot-emptied", "slot-replaced"];
		expect(await judged({ techniques }, kernel, "testslots")).toEqual({
			"members/slot-emptied": "pass",
			"members/slot-replaced": "pass",
			"members/nothing-taken": "pass",
			score: "pass",
		});
	},
);

describe("a detector", () => {
	const alarm = "fail alarm-without-takeover";
	const ends = "fail detector-not-started";
	it.each([
		["says nothing", "silent", "fail takeover-unnoticed", "pass", "fail takeovers-missed"],
		["raises an alarm before anything happened", "alarmist", alarm, alarm, "skip takeover-score-void"],
		["raises an alarm whatever happens", "late", "pass", alarm, "skip takeover-score-void"],
		["ends", "ends", ends, ends, "skip takeover-none-took"],
		["floods its output", "floods", ends, ends, "skip takeover-none-took"],
	])("that %s does not pass", async (_, how, taken, nothing, score) => {
		expect(await judged(detectedBy(how, "link-force-detached"))).toEqual({
			"guard/link-force-detached": taken,
			"guard/nothing-taken": nothing,
			score,
		});
	});

	it("that does not exist does not pass", async () => {
		const takeover = { techniques: ["link-force-detached"], detector: { command: ["/usr/bin/none"] } };
		expect(await judged(takeover)).toEqual({
			"guard/link-force-detached": ends,
			"guard/nothing-taken": ends,
			score: "skip takeover-none-took",
		});
	});
});

it("a technique that does not exist is refused", async () => {
	await expect(judged(detectedBy("silent", "magic"))).rejects.toThrow(
		/bpfgate.json: \/takeover\/techniques\/0: "magic" is not a technique; expected one of xdp-replaced, /,
	);
});
