// SPDX-License-Identifier: Apache-2.0
import { defineReasons } from "./define.js";

/** What the vectors check says of packets, maps and coverage. */
export const vectorReasons = defineReasons({
	"vector-drift": {
		message: (f: { found: string }) => f.found,
		hint: "find the kernel feature that the program depends on, list intended differences in expect.failures, or put random values and times under `volatile` of the vector",
		meaning: "a vector has different results on two kernels",
	},
});
