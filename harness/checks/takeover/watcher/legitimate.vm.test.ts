// SPDX-License-Identifier: Apache-2.0
import { expect, it } from "vitest";
import { createMap, writeElement } from "../../../machine/guest/bpf-maps.js";
import { constantProgram, pin } from "../../../machine/guest/bpf-objects.js";
import { agentPath } from "../../../machine/guest/build.js";
import type { GuestClient } from "../../../machine/guest/client.js";
import { openKernel } from "../../../machine/kernel/store.js";
import { Machines } from "../../../machine/vm/machine.js";
import { TestWatcher, type WatchLine } from "./testwatcher.js";

const rounds = 100;

/** Ten changes: programs and maps that come and go, and a hook and a pin that were announced. */
async function tenChanges(client: GuestClient, round: number): Promise<void> {
	const program = await constantProgram(client, "xdp", 2);
	const held = { handle: program.handle! };
	const map = (await createMap(client, { valueSize: 8 })).fd!;
	for (const value of [round, round + 1])
		await writeElement(client, map, new Uint8Array(8).fill(value & 0xff));
	await client.call("xdp_set", { ifindex: 1, mode: "generic", program: held });
	await client.call("xdp_set", { ifindex: 1, mode: "generic" });
	const path = `/sys/fs/bpf/own-${round}`;
	expect(await pin(client, { handle: map }, path)).toBe(0);
	await client.call("file_remove", { path });
	await client.call("close", { handle: map });
	await client.call("close", { handle: held.handle });
}

/** What an operator would be woken for. */
const isAlarm = ({ event, kind, announced }: WatchLine) =>
	event !== "ready" && !announced && !(event === "change" && (kind === "program" || kind === "map"));

it.each(["5.10", "7.3"])("1,000 legitimate changes on %s raise no alarm, the next one does", async (id) => {
	const guest = await new Machines({ agent: agentPath }).clone(await openKernel(id));
	const { client } = guest;
	const watcher = await TestWatcher.start(guest);
	await watcher.until({ event: "ready" });
	await watcher.announce({ kind: "xdp", where: "lo (1)", for_ms: 3_600_000 });
	await watcher.announce({ kind: "pin", where: "/sys/fs/bpf/own-", for_ms: 3_600_000 });
	// Announcements are read like all else: this shows that they were, and that changes are seen.
	await expect
		.poll(async () => {
			await tenChanges(client, 0);
			return (await watcher.lines()).filter(({ announced }) => announced).map(({ kind }) => kind);
		})
		.toEqual(expect.arrayContaining(["xdp", "pin"]));
	const before = (await watcher.lines()).length;
	for (let round = 1; round <= rounds; round++) await tenChanges(client, round);
	expect(
		await pin(client, { handle: (await createMap(client, { valueSize: 8 })).fd! }, "/sys/fs/bpf/theirs"),
	).toBe(0);
	await watcher.until({ kind: "pin", where: "/sys/fs/bpf/theirs", change: "added" });
	const lines = (await watcher.lines()).slice(before);
	await guest.dispose();

	expect(lines.filter(isAlarm).map(({ kind, where }) => [kind, where])).toEqual([
		["pin", "/sys/fs/bpf/theirs"],
	]);
});
