// SPDX-License-Identifier: Apache-2.0
import { expect, it } from "vitest";
import { hasWrongClock } from "./instance.js";

it.each([
	["[    0.024000] tsc: PIT calibration deviates from PMTIMER: 199882 2596234.", true],
	["[    0.032000] tsc: Unable to calibrate against PIT", false],
	["[    0.032000] tsc: using PMTIMER reference calibration", false],
	["", false],
])("console %j: the clock is wrong: %s", (line, wrong) => {
	expect(hasWrongClock(`bpfgate: ready\n${line}\n`)).toBe(wrong);
});
