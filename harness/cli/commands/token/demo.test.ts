// SPDX-License-Identifier: Apache-2.0
import { expect, it } from "vitest";
import { stepText } from "./demo.js";

it("prints the step, the answer, and the expected answer where it differs", () => {
	const what = "loads the observer";
	expect(stepText({ what, answer: "EPERM", expected: "EPERM" })).toBe(
		"- loads the observer: refused with EPERM",
	);
	expect(stepText({ what, answer: "saw nothing", expected: "done" })).toBe(
		"- loads the observer: saw nothing, expected done",
	);
	expect(stepText({ what, answer: "done", expected: "EPERM" })).toBe(
		"- loads the observer: done, expected refused with EPERM",
	);
});
