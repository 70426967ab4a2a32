// SPDX-License-Identifier: Apache-2.0
import { mkdirSync, statSync } from "node:fs";
import { CommanderError } from "commander";
import { describe, expect, it } from "vitest";
import { InputError, UndecidedError } from "../../base/errors.js";
import { failureOf } from "./failure.js";

function thrownBy(action: () => unknown): unknown {
	try {
		action();
	} catch (error) {
		return error;
	}
	throw new Error("threw nothing");
}

describe("failureOf", () => {
	it("ends with 2 and one line for an invalid input", () => {
		const error = new InputError("a/bpfgate.json", "/objects/0", 'object "x\ny" is missing');
		expect(failureOf(error, false)).toEqual({
			status: 2,
			lines: ['bpfgate: a/bpfgate.json: /objects/0: object "x y" is missing'],
		});
	});

	it("ends with 2 and a line for each of several invalid inputs", () => {
		const errors = [new InputError("a", "", "is empty"), new InputError("b", "", "is no ELF file")];
		expect(failureOf(new AggregateError(errors), false)).toEqual({
			status: 2,
			lines: ["bpfgate: a: is empty", "bpfgate: b: is no ELF file"],
		});
	});

	it("ends with 3 and the hint when it could not find out", () => {
		const error = new UndecidedError("no-qemu", "QEMU is not installed", "run bpfgate doctor");
		expect(failureOf(error, false)).toEqual({
			status: 3,
			lines: ["bpfgate: QEMU is not installed; run bpfgate doctor"],
		});
	});

	it("ends with 3 and one line for a defect, and shows the stack only when asked", () => {
		const error = new TypeError("x is not a function");
		expect(failureOf(error, false)).toEqual({
			status: 3,
			lines: ["bpfgate: internal error: TypeError: x is not a function (BPFGATE_DEBUG=1 shows where)"],
		});
		expect(failureOf(error, true).lines.length).toBeGreaterThan(1);
		expect(failureOf("text", false).lines[0]).toContain("internal error: text");
	});

	it("does not report failures of the host as defects", () => {
		const error = thrownBy(() => statSync("/nonexistent/file"));
		expect(failureOf(error, false)).toEqual({
			status: 3,
			lines: ["bpfgate: /nonexistent/file: no such file or directory (stat). BPFGATE_DEBUG=1 shows where"],
		});
	});

	it("gives the fix for a path that cannot be written", () => {
		const error = thrownBy(() => mkdirSync("/dev/null/cache"));
		expect(failureOf(error, false).lines).toEqual([
			expect.stringMatching(
				/^bpfgate: \/dev\/null\/cache: not a directory \(mkdir\); move .*, or name another place$/,
			),
		]);
	});

	it("leaves what commander has already said alone", () => {
		expect(failureOf(new CommanderError(1, "commander.unknownOption", ""), false)).toEqual({
			status: 2,
			lines: [],
		});
		expect(failureOf(new CommanderError(0, "commander.helpDisplayed", ""), false).status).toBe(0);
	});
});
