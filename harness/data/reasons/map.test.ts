// SPDX-License-Identifier: Apache-2.0
import { describe, expect, it } from "vitest";
import { E2BIG, EINVAL, ENOMEM, EPERM } from "../../base/errno.js";
import type { MapFacts } from "./facts.js";
import { explainMap } from "./map.js";

const refused = (facts: Partial<MapFacts>): MapFacts => ({
	kernel: { id: "5.10", release: "5.10.0-46-cloud-amd64" },
	map: { name: "flows", type: "arena", max_entries: 10, flags: 0x400 },
	errno: EINVAL,
	libbpfLog: "",
	...facts,
});

describe("explainMap", () => {
	it.each([
		[EINVAL, "map-attributes"],
		[E2BIG, "map-attributes"],
		[ENOMEM, "out-of-memory"],
		[EPERM, "permission"],
		[5, "rejected"],
	])("errno %i alone is %s", (errno, code) => {
		const { reason } = explainMap(refused({ errno }));
		expect(reason.code).toBe(code);
		expect(reason.message).toContain("(type arena, max_entries 10, flags 0x400)");
	});

	it("names what the package's loader sets", () => {
		const map = { name: "stacks", type: "stack_trace", key_size: 4, value_size: 0, max_entries: 0, flags: 0 };
		const { message, hint } = explainMap(refused({ map })).reason;
		expect(message).toContain("value_size and max_entries are 0");
		expect(hint).toContain("objects[].maps.stacks");
		expect(explainMap(refused({ map: { ...map, value_size: 4 } })).reason.message).toContain("found 4");
	});

	it("is the map type only where the kernel was asked", () => {
		expect(explainMap(refused({ features: () => "unsupported" })).reason).toMatchObject({
			code: "map-type-unsupported",
			message: "map flows is of type arena, which this kernel does not have",
		});
		expect(explainMap(refused({ features: () => "present" })).reason.code).toBe("map-attributes");
		expect(explainMap(refused({ features: () => "module-absent" })).reason.code).toBe("module-absent");
	});
});
