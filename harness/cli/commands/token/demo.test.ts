// SPDX-License-Identifier: Apache-2.0
import { expect, it } from "vitest";
import { stepText } from "./demo.js";

it("says what was done and what the kernel said, and where it should have said something else", () => {
	const what = "loads the observer";
	expect(stepText({ what, answer: "EPERM", expected: "EPERM" })).toBe(
		"- loads the observer: refused with EPERM",
	);
	expect(stepText({ what, answer: "saw nothing", expected: "done" })).toBe(
		"- loads the observer: saw nothing, which should be done",
	);
	expect(stepText({ what, answer: "done", expected: "EPERM" })).toBe(
		"- loads the observer: done, which should be refused with EPERM",
	);
});
