// SPDX-License-Identifier: Apache-2.0
import { beforeAll, describe, expect, it } from "vitest";
import { compile, matches, replay, sessionNames } from "./testsession.js";

describe("at a terminal, with kernels", () => {
	beforeAll(compile, 60_000);

	it.each(sessionNames(true))("%s", async (name) => {
		await replay(name, (step, output, status) => {
			const place = `${name}:${step.line}: $ ${step.command}`;
			expect({ place, status, output }).toEqual({
				place,
				status: step.status,
				output: expect.toSatisfy((text: string) => matches(step.output, text), step.output.join("\n")),
			});
		});
	});
});
