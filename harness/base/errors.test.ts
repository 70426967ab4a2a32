// SPDX-License-Identifier: Apache-2.0
import { openSync } from "node:fs";
import { mkdir } from "node:fs/promises";
import { expect, it } from "vitest";
import { hostFailure, InputError, systemReason } from "./errors.js";

it("an InputError is one line of file, place and reason", () => {
	expect(new InputError("a.o", "section .maps", "is empty").message).toBe("a.o: section .maps: is empty");
	expect(new InputError("a.o", "", "is empty").message).toBe("a.o: is empty");
});

it("a failed system call is reported in the system's words", async () => {
	const failed = await mkdir("/dev/null/a, b").catch((error: unknown) => error);
	expect(systemReason(failed)).toBe("not a directory");
	expect(systemReason(new Error("two\nlines"))).toBe("two");
	expect(hostFailure(failed)).toMatchObject({
		code: "host-failed",
		message: "/dev/null/a, b: not a directory (mkdir)",
		hint: expect.stringContaining("BPFGATE_CACHE"),
	});
});

it("a defect of bpfgate is not reported as a failure of the host", () => {
	expect(hostFailure(new TypeError("x is not a function"))).toBeUndefined();
	expect(hostFailure("text")).toBeUndefined();
	expect(() => openSync("/dev/null", "no flag")).toThrow(expect.toSatisfy((error) => !hostFailure(error)));
});
