// SPDX-License-Identifier: Apache-2.0
import { decode, encode } from "@msgpack/msgpack";
import { describe, expect, it } from "vitest";
import { Channel } from "./channel.js";
import { GuestClient } from "./client.js";
import { encodeFrame, FrameDecoder } from "./frame.js";
import { duplexPair } from "./testpair.js";
import { mountNamespace, mountToken } from "./token-mount.js";

interface Request {
	id: number;
	op: string;
	args: { user?: number; from?: number; to?: number; handle?: number };
}

/**
 * A fake agent that numbers handles consecutively and refuses one operation.
 */
function guest(refuse = "") {
	const [ours, theirs] = duplexPair();
	const client = new GuestClient(new Channel(ours, { kernel: "6.12", patience: 10_000 }), true);
	const decoder = new FrameDecoder();
	const asked: string[] = [];
	const held = new Map<number, number | undefined>();
	let last = 100;
	theirs.on("data", (chunk: Buffer) => {
		for (const frame of decoder.push(chunk)) {
			const { id, op, args } = decode(frame.payload) as Request;
			const by =
				op === "fd_pass" ? `${args.from ?? "agent"}>${args.to ?? "agent"}` : `${args.user ?? "agent"}`;
			asked.push(`${op} ${by}`);
			let answer: Record<string, unknown> = { ok: {} };
			if (op === refuse) answer = { err: { errno: 1, what: "set delegate_cmds" } };
			else if (op === "close") held.delete(args.handle!);
			else if (["fs_open", "fs_mount", "fd_pass", "path_open"].includes(op)) {
				held.set(++last, op === "fd_pass" ? args.to : args.user);
				answer = { ok: { handle: last } };
			}
			theirs.write(encodeFrame(frame.nonce, encode({ id, ...answer })));
		}
	});
	return { client, asked, held };
}

const options = { delegate_cmds: "any" };

describe("a bpffs with delegation", () => {
	it("is opened by the user, created by the agent and passed back; nothing else stays open", async () => {
		const { client, asked, held } = guest();
		const mount = await mountToken(client, { user: 7, options });
		expect(asked.filter((each) => !each.startsWith("close"))).toEqual([
			"fs_open 7",
			"fd_pass 7>agent",
			"fs_config agent",
			"fs_mount agent",
			"fd_pass agent>7",
		]);
		expect([...held]).toEqual([[mount, 7]]);
	});

	it("is mounted at its path in the user's mount namespace by a separate grantor", async () => {
		const { client, asked, held } = guest();
		expect(await mountToken(client, { user: 7, grantor: 8, options, path: "/sys/fs/bpf" })).toBeUndefined();
		expect(asked.filter((each) => !each.startsWith("close"))).toEqual([
			"fs_open 7",
			"fd_pass 7>8",
			"fs_config 8",
			"fs_mount 8",
			"path_open 7",
			"fd_pass 7>8",
			"mount_move 8",
		]);
		expect(held.size).toBe(0);
	});

	it("is mounted in a mount namespace that the agent already holds and keeps", async () => {
		const { client, asked, held } = guest();
		const { handle: mntns } = await mountNamespace(client, { user: 7 });
		asked.length = 0;
		expect(await mountToken(client, { user: 7, mntns, options, path: "/sys/fs/bpf" })).toBeUndefined();
		expect(asked.filter((each) => !each.startsWith("close"))).toEqual([
			"fs_open 7",
			"fd_pass 7>agent",
			"fs_config agent",
			"fs_mount agent",
			"mount_move agent",
		]);
		expect([...held.keys()]).toEqual([mntns]);
	});

	it.each(["fs_open", "fd_pass", "fs_config", "fs_mount", "mount_move"])(
		"leaves nothing open when %s is refused",
		async (op) => {
			const { client, held } = guest(op);
			const refused = mountToken(client, { user: 7, options, path: "/sys/fs/bpf" });
			await expect(refused).rejects.toMatchObject({ op, errnoName: "EPERM" });
			expect(held.size).toBe(0);
		},
	);
});
