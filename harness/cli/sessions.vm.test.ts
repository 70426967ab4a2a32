// SPDX-License-Identifier: Apache-2.0
import { beforeAll, describe, it } from "vitest";
import { compile, replay, sessionNames, sessionTimeout } from "./terminal/testsession.js";

describe("at a terminal, with kernels", () => {
	beforeAll(compile);

	it.each(sessionNames(true))("%s", replay, sessionTimeout);
});
