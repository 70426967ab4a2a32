// SPDX-License-Identifier: Apache-2.0
import { describe, expect, it } from "vitest";
import { resultsOf } from "../../run/testrun.js";
import { loadCheck } from "./load-check.js";
import { packageOf, said } from "./testload.js";

const over = (place: Record<string, unknown>) => ({ attach: { hook: "auto", ...place } });
const settings = {
	programs: {
		elements: over({ map: "counts" }),
		elements_of_sockets: over({ map: "sockets" }),
		elements_too_large: over({ map: "counts" }),
		sockets_of_map: over({ map: "sockets" }),
		one_task: over({ tid: 1 }),
		one_process: over({ pid: 1 }),
		cgroups: over({ cgroup: "outer/inner", order: "ancestors_up" }),
		cgroups_of_all: over({ order: "descendants_pre" }),
	},
};

const everywhere = {
	elements: "pass",
	elements_of_none: "skip not-attached",
	elements_of_sockets: "fail attach-device-missing",
	elements_too_large: "fail attach-refused",
	sockets_of_map: "pass",
	tasks: "pass",
	again: "fail iterator-unreadable",
};

const outcomes = {
	"5.10": {
		...everywhere,
		one_task: "fail attach-unsupported",
		one_process: "fail attach-unsupported",
		cgroups: "skip not-loaded",
		cgroups_of_all: "skip not-loaded",
		cgroups_in_no_order: "skip not-loaded",
	},
	"7.3": {
		...everywhere,
		one_task: "pass",
		one_process: "pass",
		cgroups: "pass",
		cgroups_of_all: "pass",
		cgroups_in_no_order: "skip not-attached",
	},
};

describe("iterators", async () => {
	const { results } = await resultsOf({
		packages: [await packageOf("iterators", {}, settings)],
		kernels: Object.keys(outcomes),
		checks: [loadCheck],
	});
	const attached = (kernel: string) =>
		new Map(
			results
				.filter((result) => result.kernel === kernel && result.case.startsWith("attach/"))
				.map((result) => [result.case.slice("attach/".length), result]),
		);

	it.each(Object.entries(outcomes))("are attached to what the manifest gives on %s", (kernel, expected) => {
		const found = [...attached(kernel)].map(([name, result]) => [name, said(result)]);
		expect(Object.fromEntries(found)).toEqual(expected);
	});

	it.each([
		["5.10", "elements", 3],
		["7.3", "elements", 3],
		["7.3", "one_task", 1],
		["7.3", "cgroups", 3],
	])("on %s, %s writes for %s elements and no others", (kernel, name, bytes) => {
		expect(attached(kernel).get(name)?.evidence).toMatchObject({ hook: "iterator", iteration_bytes: bytes });
	});

	it("writes for the threads of one process and no others", () => {
		const bytes = (name: string) => Number(attached("7.3").get(name)?.evidence.iteration_bytes);
		expect(bytes("one_process")).toBeGreaterThan(0);
		expect(bytes("one_process")).toBeLessThan(bytes("tasks"));
	});

	it("says what the manifest lacks", () => {
		expect(attached("7.3").get("elements_of_none")?.reason).toMatchObject({
			message: expect.stringMatching(/it iterates over one map, and its manifest does not name which$/),
			hint: expect.stringContaining('"attach": { "hook": "auto", "map": "<name>" }'),
		});
		expect(attached("7.3").get("cgroups_in_no_order")?.reason?.hint).toContain("attach.order");
	});

	it("says why a kernel without iter/cgroup has none", () => {
		const program = results.find(({ kernel, case: name }) => kernel === "5.10" && name === "program/cgroups");
		expect(program?.reason).toMatchObject({ code: "attach-target-missing" });
	});
});
