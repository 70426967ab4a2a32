// SPDX-License-Identifier: Apache-2.0
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import {
	type AttachFacts,
	type Explanation,
	explainAttach,
	explainLoad,
	explainMap,
	explainOpen,
	type FeatureState,
	type LoadFacts,
	type MapFacts,
	type OpenFacts,
} from "./explain.js";
import { attachReasons } from "./registry/attach.js";
import { loadReasons } from "./registry/load.js";

/**
 * `input.json` of a golden folder: which question, its facts but for the logs, and what the kernel
 * has of features.
 */
type Input = { features?: Record<string, FeatureState> } & (
	| { question: "load"; facts: LoadFacts }
	| { question: "attach"; facts: AttachFacts }
	| { question: "map"; facts: MapFacts }
	| { question: "open"; facts: OpenFacts }
);

interface Expected {
	code: string;
	message: string;
	facts: Record<string, unknown>;
}

const folder = join(import.meta.dirname, "testdata");
const names = readdirSync(folder, { withFileTypes: true }).flatMap((entry) =>
	entry.isDirectory() ? [entry.name] : [],
);

const read = (name: string, file: string) => {
	const path = join(folder, name, file);
	return existsSync(path) ? readFileSync(path, "utf8") : "";
};
const expectedOf = (name: string): Expected => JSON.parse(read(name, "expected.json"));

function explain(name: string): Explanation {
	const input: Input = JSON.parse(read(name, "input.json"));
	const libbpfLog = read(name, "libbpf.log");
	const features = (question: string) => input.features?.[question];
	switch (input.question) {
		case "load":
			return explainLoad({ ...input.facts, verifierLog: read(name, "verifier.log"), libbpfLog, features });
		case "attach":
			return explainAttach({ ...input.facts, libbpfLog, features });
		case "map":
			return explainMap({ ...input.facts, libbpfLog, features });
		case "open":
			return explainOpen({ ...input.facts, libbpfLog });
	}
}

/** Codes without logs of real kernels; other tests have their words. */
const withoutLogs = [
	"attach-binary-invalid",
	"iterator-unreadable",
	"jit-missing",
	"config-disabled",
	"map-definition",
	"kernel-signature",
	"verifier-bug",
];

describe("golden logs", () => {
	it.each(names)("%s", (name) => {
		const { reason, facts } = explain(name);
		const expected = expectedOf(name);
		expect(reason.code).toBe(expected.code);
		expect(reason.message).toBe(expected.message);
		expect(JSON.parse(JSON.stringify(facts))).toEqual(expected.facts);
		expect(reason.hint).not.toBe("");
	});

	it("cover every code", () => {
		const covered = new Set(names.map((name) => expectedOf(name).code));
		const missing = Object.keys({ ...loadReasons, ...attachReasons }).filter(
			(code) => !covered.has(code) && !withoutLogs.includes(code),
		);
		expect(missing).toEqual([]);
	});

	it("come from at least three kernels", () => {
		expect(new Set(names.map((name) => name.replace(/^.*-/, ""))).size).toBeGreaterThanOrEqual(3);
	});
});
