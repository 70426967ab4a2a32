// SPDX-License-Identifier: Apache-2.0
import { expect, it } from "vitest";
import type { CaseResult } from "../base/results.js";
import { documentOf } from "../base/testresults.js";
import { weaknesses } from "./weaknesses.js";

const document = (results: CaseResult[]) => documentOf(results, { kernels: ["6.18", "7.2", "7.3"] });
const old = "the kernel does not look at dates";

function result(kernel: string, name: string, evidence: Record<string, unknown>): CaseResult {
	return { package: "p", kernel, check: "signature", case: name, outcome: "pass", duration_ms: 1, evidence };
}

it("says each once, with the cases and kernels that it was seen in", () => {
	const said = weaknesses(
		document([
			result("6.18", "x/expired", { safe: false, weakness: old }),
			result("7.2", "x/expired", { safe: false, weakness: old }),
			result("7.2", "x/not-yet-valid", { safe: false, weakness: old }),
		]),
	);
	expect(said).toEqual([`signature/x/expired and signature/x/not-yet-valid on 6.18 and 7.2: ${old}`]);
});

it("says nothing of what is safe, or failed", () => {
	const safe = result("6.18", "x/valid", { safe: true });
	const failed = { ...result("6.18", "x/bad", { safe: false, weakness: old }), outcome: "fail" as const };
	expect(weaknesses(document([safe, failed, result("6.18", "y", {})]))).toEqual([]);
});
