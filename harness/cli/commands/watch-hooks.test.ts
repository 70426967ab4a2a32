// SPDX-License-Identifier: Apache-2.0
import { expect, it } from "vitest";
import { watcherArguments } from "./watch-hooks.js";

it("hands every option over to the program", () => {
	expect(watcherArguments({ poll: 1000, map: [], pins: [], without: [] })).toEqual(["--poll", "1000"]);
	const options = {
		poll: 5,
		json: true as const,
		once: true as const,
		map: [7, 9],
		pins: ["/sys/fs/bpf/a"],
		without: ["bpf"],
	};
	expect(watcherArguments({ ...options, baseline: "a", writeBaseline: "b" })).toEqual([
		...["--json", "--map", "7", "--map", "9", "--pins", "/sys/fs/bpf/a", "--baseline", "a"],
		...["--write-baseline", "b", "--without", "bpf", "--poll", "5", "--once"],
	]);
});
