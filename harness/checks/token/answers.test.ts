// SPDX-License-Identifier: Apache-2.0
import { constants } from "node:os";
import { describe, expect, it } from "vitest";
import { lifeOutcome } from "./lives.js";
import { delegationOf } from "./model/delegation.js";
import { undeclaredAnswer, undeclaredGrants } from "./undeclared-grants.js";

const { EINVAL, EPERM } = constants.errno;

/** No kernel is known that does otherwise: that it would be told is shown here. */
describe("what the kernel answers", () => {
	const steps = [
		{ what: "somebody uses a token", expected: 0, seen: 0 },
		{ what: "somebody else makes one", expected: EPERM, seen: EPERM },
	];

	it("is as it should be, step by step", () => {
		expect(lifeOutcome(steps)).toEqual({
			outcome: "pass",
			evidence: {
				steps: [
					{ what: "somebody uses a token", answer: "done" },
					{ what: "somebody else makes one", answer: "EPERM" },
				],
			},
		});
	});

	it.each([
		[0, 0, "somebody uses a token"],
		[1, 0, "somebody else makes one: it should be refused with EPERM and is done"],
		[1, EINVAL, "somebody else makes one: it should be refused with EPERM and is refused with EINVAL"],
	])("step %i answered with %i", (step, seen, message) => {
		const outcome = lifeOutcome(steps.map((each, index) => (index === step ? { ...each, seen } : each)));
		if (step === 0) expect(outcome.outcome).toBe("pass");
		else expect(outcome).toMatchObject({ outcome: "fail", reason: { code: "token-promise", message } });
	});
});

describe("what is not declared", () => {
	const xdp = { kind: "programs", name: "xdp" } as const;

	it.each([
		[{ control: 0, without: EPERM, declared: EPERM }, "pass", undefined],
		[{ control: EINVAL, without: EPERM, declared: EPERM }, "pass", undefined],
		[{ control: 0, without: EPERM, declared: 0 }, "fail", "undeclared-granted"],
		[{ control: EINVAL, without: EPERM, declared: EINVAL }, "fail", "undeclared-granted"],
		[{ control: EPERM, without: EPERM, declared: EPERM }, "skip", "grant-not-tried"],
		[{ control: EINVAL, without: EINVAL, declared: EINVAL }, "skip", "grant-not-tried"],
	])("%j is %s", (answers, outcome, code) => {
		const found = undeclaredAnswer(xdp, answers);
		expect(found.outcome).toBe(outcome);
		expect(found.reason?.code).toBe(code);
	});

	it("is all that could do harm, but for what is", () => {
		const names = (programs: string[]) =>
			undeclaredGrants(delegationOf({ programs })).map(({ name }) => name);
		expect(names([])).toContain("xdp");
		expect(names(["xdp"])).not.toContain("xdp");
		expect(names(["xdp"])).toContain("sockmap");
		expect(names(["any"])).toEqual(["sockmap", "devmap", "prog_array", "perf_event_array", "btf_load"]);
	});
});
