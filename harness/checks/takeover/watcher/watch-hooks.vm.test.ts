// SPDX-License-Identifier: Apache-2.0
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { StructView } from "../../../base/struct.js";
import { compileCommand } from "../../../machine/guest/agent/testobject.js";
import { BpfAttr } from "../../../machine/guest/bpf-attr.js";
import { bpf, objInfo } from "../../../machine/guest/bpf-call.js";
import { createMap, freezeMap, writeElement } from "../../../machine/guest/bpf-maps.js";
import { constantProgram, pin, programId } from "../../../machine/guest/bpf-objects.js";
import { agentPath } from "../../../machine/guest/build.js";
import { openKernel } from "../../../machine/kernel/store.js";
import type { Guest } from "../../../machine/vm/guest.js";
import { Machines } from "../../../machine/vm/machine.js";
import { TestWatcher } from "./testwatcher.js";

const lo = "lo (1)";
/** Far longer than a test: another signal betrays what is seen. */
const never = ["--poll", "3600000"];

describe.each(["5.10", "7.3"])("watch-hooks on %s", (id) => {
	let guest: Guest;
	let program: { handle: number };
	let programNumber: number;
	let map: { handle: number };
	let mapNumber: number;
	beforeAll(async () => {
		guest = await new Machines({ agent: agentPath }).clone(await openKernel(id));
		const { client } = guest;
		await client.call("file_write", { path: "/run/command", data: await compileCommand(), mode: 0o755 });
		await client.call("module_load", { name: "veth" });
		const { errno, handle } = await constantProgram(client, "xdp", 2);
		expect(errno).toBe(0);
		program = { handle: handle! };
		programNumber = await programId(client, program);
		const created = await createMap(client, { valueSize: 8 });
		map = { handle: created.fd! };
		mapNumber = new StructView((await objInfo(client, map, 80)).info.bytes, client.littleEndian).u32(4);
	});
	afterAll(() => guest.dispose());

	const xdp = (on: boolean) =>
		guest.client.call("xdp_set", { ifindex: 1, mode: "generic", ...(on ? { program } : {}) });
	const kill = async (pid: number, signal: string) => {
		const { status } = await guest.client.call("command_run", {
			argv: ["/run/command", "kill", `${pid}`, signal],
		});
		expect(status).toBe(0);
	};

	it("tells changes with the signal that betrayed them and who made them", async () => {
		const { client } = guest;
		const watcher = await TestWatcher.start(guest, ...never, "--map", `${mapNumber}`);
		const [ready] = await watcher.until({ event: "ready" });
		expect(ready!.signals).toEqual(["rtnetlink", "bpf", "inotify", "mountinfo", "poll"]);
		expect(ready!.blind).toContainEqual(expect.stringMatching(/network namespaces/));
		const by = { pid: 1, uid: 0 };

		await xdp(true);
		const added = { mode: "generic", program: programNumber };
		await watcher.until({
			kind: "xdp",
			where: lo,
			change: "added",
			after: added,
			signal: "rtnetlink",
			...by,
		});
		await xdp(false);
		await watcher.until({ kind: "xdp", where: lo, change: "removed", before: added, ...by });

		await client.call("netdev_add", { kind: "veth", name: "a", peer: "b", up: true });
		await watcher.until({ kind: "device", change: "added", signal: "rtnetlink", ...by });
		await client.call("netdev_del", { name: "a" });
		await watcher.until({ kind: "device", change: "removed", signal: "rtnetlink", ...by });

		const other = await constantProgram(client, "xdp", 1);
		await watcher.until({ kind: "program", change: "added", signal: "bpf", ...by });
		const attr = new BpfAttr(48).fd(0, program).u32(4, 1).u32(8, 37).u32(12, 2);
		const link = await bpf(client, "link_create", attr);
		expect(link.errno).toBe(0);
		await watcher.until({ kind: "link", change: "added", signal: "bpf", ...by });
		const update = new BpfAttr(16).fd(0, { handle: link.fd! }).fd(4, { handle: other.handle! });
		expect((await bpf(client, "link_update", update)).errno).toBe(0);
		await watcher.until({ kind: "link", change: "changed", signal: "bpf", ...by });
		await client.call("close", { handle: link.fd! });
		await watcher.until({ kind: "link", change: "removed", signal: "bpf", ...by });

		await writeElement(client, map.handle, new Uint8Array(8).fill(7));
		await watcher.until({ kind: "map-content", where: `map ${mapNumber}`, signal: "bpf", ...by });
		expect(await pin(client, map, "/sys/fs/bpf/kept")).toBe(0);
		await watcher.until({
			...{ kind: "pin", where: "/sys/fs/bpf/kept", change: "added" },
			after: { object: "map", id: mapNumber },
		});
		await client.call("file_remove", { path: "/sys/fs/bpf/kept" });
		await watcher.until({ kind: "pin", change: "removed", signal: "inotify" });
		await freezeMap(client, map.handle);
		await watcher.until({ kind: "map", where: `map ${mapNumber}`, change: "changed", signal: "bpf", ...by });

		await client.call("mount", { source: "none", target: "/sys/fs/bpf", fstype: "bpf" });
		await watcher.until({ kind: "mount", change: "added", signal: "mountinfo" });
		await client.call("unmount", { target: "/sys/fs/bpf" });
		await watcher.until({ kind: "mount", change: "removed", signal: "mountinfo" });
		await client.call("close", { handle: other.handle! });
		const [pid] = await watcher.pids("hooks-guardian");
		await kill(pid!, "15");
		await watcher.until({ event: "watcher-killed" });
	});

	it("marks announced changes and no others", async () => {
		const watcher = await TestWatcher.start(guest, ...never);
		await watcher.until({ event: "ready" });
		await watcher.announce({ kind: "xdp", where: lo, for_ms: 600_000 });
		await guest.client.call("ping", {});
		await expect
			.poll(async () => {
				await xdp(true);
				await xdp(false);
				return await watcher.lines();
			})
			.toContainEqual(expect.objectContaining({ kind: "xdp", announced: true }));
		expect(await pin(guest.client, map, "/sys/fs/bpf/other")).toBe(0);
		const lines = await watcher.until({ kind: "pin", change: "added" });
		expect(lines.filter(({ kind }) => kind === "pin")).toEqual([
			expect.not.objectContaining({ announced: true }),
		]);
		await guest.client.call("file_remove", { path: "/sys/fs/bpf/other" });
		await kill((await watcher.pids("watch-hooks"))[0]!, "9");
		await watcher.until({ event: "watcher-killed" });
	});

	it("loses what only one signal betrays without that signal", async () => {
		const watcher = await TestWatcher.start(guest, ...never, "--without", "rtnetlink");
		const [ready] = await watcher.until({ event: "ready" });
		expect(ready!.signals).toEqual(["bpf", "inotify", "mountinfo", "poll"]);
		await xdp(true);
		await xdp(false);
		await pin(guest.client, map, "/sys/fs/bpf/last");
		const lines = await watcher.until({ kind: "pin", change: "added" });
		expect(lines.filter(({ kind }) => kind === "xdp")).toEqual([]);
		await guest.client.call("file_remove", { path: "/sys/fs/bpf/last" });
		const [pid] = await watcher.pids("watch-hooks");
		await kill(pid!, "19");
		await watcher.until({ event: "watcher-stopped" });
		await kill(pid!, "9");
		await watcher.until({ event: "watcher-killed" });
	});
});
