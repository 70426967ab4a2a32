// SPDX-License-Identifier: Apache-2.0
import { constants } from "node:os";
import { describe, expect, it } from "vitest";
import { delegationOf } from "./model/delegation.js";
import { undeclaredGrants, undeclaredResult } from "./undeclared-grants.js";

const { EINVAL, EPERM } = constants.errno;
const grant = { kind: "programs", name: "xdp" } as const;
const other = {
	grant: { kind: "maps", name: "sockmap" },
	control: 0,
	without: EPERM,
	declared: EPERM,
} as const;

/** No kernel is known to allow more than is delegated; this shows that it would be reported. */
describe("a call that needs an undeclared grant", () => {
	it.each([
		[{ control: 0, without: EPERM, declared: EPERM }, "pass", undefined],
		[{ control: EINVAL, without: EPERM, declared: EPERM }, "pass", undefined],
		[{ control: 0, without: EPERM, declared: 0 }, "fail", "undeclared-granted"],
		[{ control: EINVAL, without: EPERM, declared: EINVAL }, "fail", "undeclared-granted"],
		[{ control: EPERM, without: EPERM, declared: EPERM }, "skip", "grant-not-tried"],
		[{ control: EINVAL, without: EINVAL, declared: EINVAL }, "skip", "grant-not-tried"],
	])("answered with %j: %s", (errnos, outcome, code) => {
		const alone = undeclaredResult([{ grant, ...errnos }]);
		expect(alone.outcome).toBe(outcome);
		expect(alone.reason?.code).toBe(code);
		const among = undeclaredResult([other, { grant, ...errnos }]);
		expect(among.outcome).toBe(outcome === "fail" ? "fail" : "pass");
	});

	it("is named in the reason when it is allowed", () => {
		const { reason } = undeclaredResult([other, { grant, control: 0, without: EPERM, declared: 0 }]);
		expect(reason?.message).toBe(
			"the declared token allows program/xdp, which the manifest does not declare",
		);
	});
});

it("harmful grants are undeclared unless they are declared by name or by any", () => {
	const names = (programs: string[]) =>
		undeclaredGrants(delegationOf({ programs })).map((each) => each.grant.name);
	expect(names([])).toContain("xdp");
	expect(names(["xdp"])).not.toContain("xdp");
	expect(names(["xdp"])).toContain("sockmap");
	expect(names(["any"])).toEqual(["sockmap", "devmap", "prog_array", "perf_event_array", "btf_load"]);
});
