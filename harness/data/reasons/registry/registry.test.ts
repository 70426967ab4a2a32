// SPDX-License-Identifier: Apache-2.0
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, expectTypeOf, it } from "vitest";
import { UndecidedError } from "../../../base/errors.js";
import { defineReasons, type FactsOf, sentenceOf } from "./define.js";
import { inGeneral, reasonsPage } from "./reasons-page.js";
import { reason, reasonSaying, reasons, reasonTopics, undecided } from "./registry.js";

const harness = fileURLToPath(new URL("../../../", import.meta.url));
const sources = readdirSync(harness, { recursive: true, encoding: "utf8" })
	.filter(
		(path) =>
			/\.ts$/.test(path) && !/\.test\.ts$|(^|\/)test[a-z]+\.ts$|^data\/reasons\/registry\//.test(path),
	)
	.map((path) => ({ path, text: readFileSync(join(harness, path), "utf8") }));

/** Verbs that hints begin with. */
const imperative =
	/^(add|align|ask|attach|bound|build|call|change|check|choose|close|compare|compile|copy|correct|declare|define|delete|detach|do not|fetch|find|fix|follow|free|get|give|guard|increase|initialise|inline|install|keep|leave|load|look|make|mount|move|name|only add|pass|pin|pull|put|raise|read|rebuild|record|reduce|release|remove|rename|repeat|report|return|run|see|set|shorten|sign|split|start|store|switch|take|test|touch|try|update|use|wait|write)\b/;

const entries = Object.entries(reasonTopics).flatMap(([topic, codes]) =>
	Object.entries(codes).map(([code, entry]) => ({ topic, code, entry })),
);
const codes = entries.map(({ code }) => code);

describe("every code of the registry", () => {
	it.each(entries)("$code has a sentence and an imperative hint", ({ code, entry }) => {
		const { meaning, hint } = inGeneral(entry);
		expect(code).toMatch(/^[a-z]+(-[a-z]+)*$/);
		expect(hint).toMatch(imperative);
		for (const sentence of [meaning, hint]) {
			expect(sentence).not.toMatch(/\.$|\. [A-Z]|\n|undefined|\[object/);
			expect(sentence).not.toBe("");
		}
	});

	it("stands once", () => {
		expect(codes.filter((code, index) => codes.indexOf(code) !== index)).toEqual([]);
	});

	it("is used", () => {
		const texts = sources.map(({ text }) => text).join("");
		const families = [...texts.matchAll(/\b(?:reason|reasonSaying|undecided)\(\s*`([a-z-]+)-\$\{/g)].map(
			([, family]) => `${family}-`,
		);
		const isUsed = (code: string) =>
			texts.includes(`"${code}"`) || families.some((family) => code.startsWith(family));
		expect(codes.filter((code) => !isUsed(code))).toEqual([]);
	});
});

it("has every code that the source gives", () => {
	const unknown = sources.flatMap(({ path, text }) =>
		[...text.matchAll(/(?:\bcode: |new UndecidedError\(\s*)"([a-z0-9-]+)"/g)]
			.filter(([, code = ""]) => !codes.includes(code))
			.map(([, code]) => `${path}: ${code}`),
	);
	expect(unknown).toEqual([]);
});

describe("a reason", () => {
	it("takes its sentence and hint from the registry", () => {
		expect(reason("gpl-only")).toEqual({ code: "gpl-only", ...reasons["gpl-only"] });
		expect(reasonSaying("rejected", "the kernel said no")).toEqual({
			code: "rejected",
			message: "the kernel said no",
			hint: reasons.rejected.hint,
		});
	});

	it("becomes an error where bpfgate could not decide", () => {
		const cause = new Error("why");
		const error = undecided("rejected", {}, { cause });
		expect(error).toBeInstanceOf(UndecidedError);
		expect(error).toMatchObject({ code: "rejected", hint: reasons.rejected.hint, cause });
	});

	it("knows the facts that its sentences need", () => {
		const example = defineReasons({
			plain: { message: "it is so", hint: "run it again" },
			order: {
				message: (f: { member: string; found: number }) => `${f.member}: found at ${f.found}`,
				hint: (f: { loader: string }) => `check ${f.loader}`,
			},
		});
		expectTypeOf<FactsOf<(typeof example)["plain"]>>().toEqualTypeOf<unknown>();
		expectTypeOf<FactsOf<(typeof example)["order"]>>().toEqualTypeOf<
			{ member: string; found: number } & { loader: string }
		>();
		expect(sentenceOf(example.order.message, { member: "a", found: 2 })).toBe("a: found at 2");
		expect(inGeneral(example.order).meaning).toBe("<member>: found at <found>");
	});
});

it("docs/reasons.md is what the registry says", () => {
	const path = fileURLToPath(new URL("../../../../docs/reasons.md", import.meta.url));
	const text = reasonsPage(reasonTopics);
	if (process.env.BPFGATE_WRITE_DOCS === "1") writeFileSync(path, text);
	expect(readFileSync(path, "utf8")).toBe(text);
});
