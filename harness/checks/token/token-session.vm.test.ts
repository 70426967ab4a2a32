// SPDX-License-Identifier: Apache-2.0
import { expect, it } from "vitest";
import { testbench } from "../../lab/subject/session/testsession.js";
import { readText } from "../../machine/features/files.js";
import { tryCall } from "./token-call.js";
import { TokenSession } from "./token-session.js";

const path = "/proc/sys/kernel/unprivileged_bpf_disabled";

it("a session disables unprivileged eBPF, and restores the setting", async () => {
	await using bench = await testbench("7.3");
	const guest = await bench.workbench.guest();
	const call = { command: "map_create", map: "array" } as const;
	for (const value of ["0", "2"]) {
		await guest.client.call("file_write", { path, data: Buffer.from(value) });
		const session = await TokenSession.open(guest);
		expect(await tryCall(session.ownerClient, call)).toBe(1);
		expect((await readText(guest.client, path))?.trim()).toBe("2");
		await session.close();
		expect((await readText(guest.client, path))?.trim()).toBe(value);
	}
	// 1 cannot be changed back.
	await guest.client.call("file_write", { path, data: Buffer.from("1") });
	const session = await TokenSession.open(guest);
	expect(await tryCall(session.ownerClient, call)).toBe(1);
	await session.close();
});
