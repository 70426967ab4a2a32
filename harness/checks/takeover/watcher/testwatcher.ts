// SPDX-License-Identifier: Apache-2.0
import { readFile } from "node:fs/promises";
import { expect } from "vitest";
import type { Guest } from "../../../machine/vm/guest.js";
import { watcherPath } from "./watcher-path.js";

/** One line of `watch-hooks --json`. */
export interface WatchLine {
	event: string;
	time_ns: number;
	kind?: string;
	where?: string;
	change?: string;
	before?: Record<string, unknown>;
	after?: Record<string, unknown>;
	signal?: string;
	comm?: string;
	pid?: number;
	uid?: number;
	announced?: true;
	transient?: true;
	signals?: string[];
	blind?: string[];
}

const path = "/run/watch-hooks";
let started = 0;

/** watch-hooks in the background of a guest. */
export class TestWatcher {
	private taken = 0;

	private constructor(
		private readonly guest: Guest,
		private readonly output: string,
		readonly announcements: string,
	) {}

	/** Returns when it is ready. */
	static async start(guest: Guest, ...options: string[]): Promise<TestWatcher> {
		const { client, kernel } = guest;
		if (started++ === 0 || !(await exists(guest)))
			await client.call("file_write", { path, data: await readFile(watcherPath(kernel.arch)), mode: 0o755 });
		const output = `/run/watched-${started}`;
		const watcher = new TestWatcher(guest, output, `${output}.announcements`);
		const argv = [path, "--json", "--background", output, "--announcements", watcher.announcements];
		const { status, stderr } = await client.call("command_run", { argv: [...argv, ...options] });
		const text = Buffer.from(stderr).toString();
		expect({ status, text, lines: status === 0 ? "" : await watcher.text() }).toMatchObject({ status: 0 });
		return watcher;
	}

	private async text(): Promise<string> {
		const { data } = await this.guest.client.call("file_read", { path: this.output });
		return Buffer.from(data).toString();
	}

	async lines(): Promise<WatchLine[]> {
		const whole = (await this.text()).split("\n").slice(0, -1);
		return whole.map((line): WatchLine => JSON.parse(line));
	}

	/** What came since the last call, once a line of it has all that is `wanted`. */
	async until(wanted: Record<string, unknown>): Promise<WatchLine[]> {
		let fresh: WatchLine[] = [];
		await expect
			.poll(async () => {
				fresh = (await this.lines()).slice(this.taken);
				return fresh;
			})
			.toContainEqual(expect.objectContaining(wanted));
		this.taken += fresh.length;
		return fresh;
	}

	announce(announce: { kind?: string; where?: string; for_ms: number }): Promise<unknown> {
		const data = Buffer.from(`${JSON.stringify({ announce })}\n`);
		return this.guest.client.call("file_write", { path: this.announcements, data, append: true });
	}

	/** Processes of that name; the agent is not asked, since it may be deceived. */
	async pids(name: string): Promise<number[]> {
		const { client } = this.guest;
		const { entries } = await client.call("dir_list", { path: "/proc" });
		const found: number[] = [];
		for (const { name: pid } of entries.filter((entry) => /^\d+$/.test(entry.name))) {
			const read = await client.call("file_read", { path: `/proc/${pid}/comm` }).catch(() => undefined);
			if (read && Buffer.from(read.data).toString().trim() === name) found.push(Number(pid));
		}
		return found;
	}
}

async function exists({ client }: Guest): Promise<boolean> {
	const { entries } = await client.call("dir_list", { path: "/run" });
	return entries.some(({ name }) => name === "watch-hooks");
}
