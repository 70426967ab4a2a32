// SPDX-License-Identifier: Apache-2.0
import { expect, it } from "vitest";
import type { GuestClient } from "../../guest/client.js";
import { findView, look, type Seen } from "./host-view.js";

it("does not exist for other architectures, and says so to who wants it", async () => {
	const client = {
		call: () => expect.unreachable("nothing is asked of the guest"),
	} as unknown as GuestClient;
	const seen: Seen = { kernel: "6.12-arm64", arch: "aarch64", client, pid: process.pid, ram: 2 ** 28 };
	const view = await findView(seen);
	expect(() => look(seen, view)).toThrow(
		expect.objectContaining({
			code: "host-view-unavailable",
			message:
				"the tables of kernel 6.12-arm64 cannot be read from outside: its architecture is aarch64, not x86_64",
		}),
	);
});
