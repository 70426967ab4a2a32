// SPDX-License-Identifier: Apache-2.0
import { expect, it } from "vitest";
import { kfuncSince } from "./kfunc-names.js";

it.each([
	["bpf_task_from_pid", "6.12"],
	["scx_bpf_kick_cpu", "6.18"],
	["scx_bpf_never_was_there", undefined],
	["toString", undefined],
])("%s is there since %s", (name, line) => {
	expect(kfuncSince(name)).toBe(line);
});
