// SPDX-License-Identifier: Apache-2.0
import { expect, it } from "vitest";
import type { KernelPromise } from "../base/kernel-promise.js";
import { documentOf } from "../base/testresults.js";
import { html } from "./html.js";
import { kernelFindings } from "./kernel-findings.js";
import { markdown } from "./markdown.js";
import { pretty } from "./pretty.js";

const promise = (name: string, more: Partial<KernelPromise>): KernelPromise => ({
	name,
	promise: "a frozen map cannot be written",
	expected: "refused with EPERM",
	seen: "refused with EPERM",
	kept: true,
	evidence: {},
	...more,
});
const medium = { width: 100, colour: false, unicode: true };

function documentWith(...signatures: KernelPromise[]) {
	const document = documentOf([], { kernels: ["6.18", "7.2"], packages: ["p"] });
	return {
		...document,
		kernels: document.kernels.map((kernel) => ({ ...kernel, promises: { signatures } })),
	};
}

it("names broken promises first, then weak ones, each once for all kernels", () => {
	const weakness = "another map can be substituted";
	const document = documentWith(
		promise("kept", {}),
		promise("by-fd", { weakness }),
		promise("by-index", { weakness }),
		promise("frozen", { kept: false, seen: "written" }),
		promise("unasked", { lack: "no keyring" }),
	);
	const both = ["6.18", "7.2"];
	const text = "a frozen map cannot be written: expected refused with EPERM, found written";
	expect(kernelFindings(document)).toEqual([
		{ kind: "broken", text, promises: ["signatures/frozen"], kernels: both },
		{ kind: "weak", text: weakness, promises: ["signatures/by-fd", "signatures/by-index"], kernels: both },
	]);
	for (const report of [pretty(document, medium), markdown(document), html(document)]) {
		expect(report.replaceAll(/\s+/g, " ")).toContain("found written");
		expect(report.replaceAll(/\s+/g, " ")).toContain(weakness);
	}
});

it("says nothing of kernels that keep their promises, or were not asked", () => {
	expect(kernelFindings(documentWith(promise("kept", {})))).toEqual([]);
	expect(pretty(documentOf([], { kernels: ["6.18"], packages: ["p"] }), medium)).not.toContain(
		"kernel's own",
	);
});
