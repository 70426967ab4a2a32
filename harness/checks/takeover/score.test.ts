// SPDX-License-Identifier: Apache-2.0
import { expect, it } from "vitest";
import type { Finding } from "../../lab/check.js";
import { scoreOf } from "./score.js";

const finding = (technique: string, group: string, outcome: "pass" | "fail" | "skip", result = "took") =>
	({ case: `guard/${technique}`, outcome, evidence: { technique, group, result } }) as unknown as Finding;

it("counts what took effect by group, and names what was missed once", () => {
	const found = [
		finding("xdp-replaced", "hook", "pass"),
		finding("xdp-mode-changed", "hook", "fail"),
		finding("map-written", "data", "fail"),
		finding("map-written", "data", "fail"),
		finding("xdp-removed", "hook", "skip", "refused"),
	];
	const { outcome, reason, evidence } = scoreOf(found, "poller");
	expect(outcome).toBe("fail");
	expect(reason?.message).toBe(
		"poller noticed 1 of 4 takeovers that took effect; it misses xdp-mode-changed, map-written",
	);
	expect(evidence).toEqual({
		...{ took: 4, noticed: 1, missed: ["xdp-mode-changed", "map-written"] },
		groups: { hook: { took: 2, noticed: 1 }, data: { took: 2, noticed: 0 } },
	});
});

it("passes when nothing was missed, and proves nothing when nothing took effect", () => {
	expect(scoreOf([finding("xdp-replaced", "hook", "pass")], "w").outcome).toBe("pass");
	expect(scoreOf([finding("xdp-replaced", "hook", "skip", "refused")], "w")).toMatchObject({
		outcome: "skip",
		reason: { code: "takeover-none-took" },
	});
	expect(scoreOf([], "w").outcome).toBe("skip");
});

it("says how many more were missed", () => {
	const found = Array.from({ length: 10 }, (_, at) => finding(`t${at}`, "hook", "fail"));
	expect(scoreOf(found, "w").reason?.message).toMatch(/it misses t0, .*, t7 and 2 more$/);
});

it("counts nothing of a detector that raises alarms when nothing is taken", () => {
	const found = [
		finding("xdp-replaced", "hook", "pass"),
		finding("nothing-taken", "watcher", "fail", "nothing"),
	];
	expect(scoreOf(found, "w")).toMatchObject({ outcome: "skip", reason: { code: "takeover-score-void" } });
	const honest = [
		finding("xdp-replaced", "hook", "pass"),
		finding("nothing-taken", "watcher", "pass", "nothing"),
	];
	expect(scoreOf(honest, "w")).toMatchObject({ outcome: "pass", evidence: { took: 1, noticed: 1 } });
});
