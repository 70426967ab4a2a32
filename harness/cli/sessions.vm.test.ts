// SPDX-License-Identifier: Apache-2.0
import { beforeAll, describe, it } from "vitest";
import { compile, replay, sessionNames } from "./testsession.js";

describe("at a terminal, with kernels", () => {
	beforeAll(compile, 60_000);

	it.each(sessionNames(true))("%s", replay);
});
