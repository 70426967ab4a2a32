// SPDX-License-Identifier: Apache-2.0
import { captureFiles, markedPath } from "./captures.js";
import { unmeasuredPackages } from "./coverage.js";
import { html } from "./html.js";
import { json } from "./json.js";
import { junit } from "./junit.js";
import { lcov } from "./lcov.js";
import { markdown } from "./markdown.js";
import { defineReporter, type Output } from "./output.js";
import { pretty } from "./pretty.js";
import { tap } from "./tap.js";

const captures = defineReporter({
	name: "captures",
	kind: "folder",
	render: captureFiles,
	stale: { below: "", suffix: ".pcapng", wrote: (path, start) => markedPath(start) === path },
});

/** Every output of bpfgate. Adding one takes an entry here. */
export const outputs: readonly Output[] = [
	defineReporter({
		name: "pretty",
		kind: "text",
		render: (results, context) => pretty(results, context.medium, context.captures),
	}),
	defineReporter({ name: "json", kind: "text", render: json }),
	defineReporter({ name: "tap", kind: "text", render: tap }),
	defineReporter({ name: "junit", kind: "text", render: junit }),
	defineReporter({ name: "markdown", kind: "text", render: markdown }),
	defineReporter({ name: "html", kind: "file", render: (results) => html(results) }),
	defineReporter({
		name: "coverage",
		kind: "file",
		measures: "coverage",
		render: lcov,
		warnings: (results) =>
			unmeasuredPackages(results).map(
				(name) =>
					`nothing was measured of ${name}: its vectors did not run on ${results.kernels.at(-1)?.id}, the last kernel`,
			),
	}),
	captures,
	defineReporter({
		name: "report",
		kind: "folder",
		names: ["results.json", "report.html", "captures"],
		*render(results) {
			yield { path: "results.json", content: json(results) };
			yield { path: "report.html", content: html(results, "captures") };
			for (const { path, content } of captureFiles(results)) yield { path: `captures/${path}`, content };
		},
		stale: { ...captures.stale, below: "captures" },
	}),
];
