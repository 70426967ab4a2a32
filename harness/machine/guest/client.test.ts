// SPDX-License-Identifier: Apache-2.0

import { decode, encode } from "@msgpack/msgpack";
import { describe, expect, it, vi } from "vitest";
import { UndecidedError } from "../../base/errors.js";
import { Channel } from "./channel.js";
import { GuestClient, GuestError } from "./client.js";
import { encodeFrame, FrameDecoder } from "./frame.js";
import { ManualClock } from "./testclock.js";
import { duplexPair } from "./testpair.js";

const zero = Buffer.alloc(8);
const greeting = {
	protocol: 1,
	release: "6.12.0",
	version: "#1",
	machine: "x86_64",
	cpus: 1,
	mem_kb: 200_000,
	vmlinux_btf: true,
	modules: [],
};

/** A client, and a fake agent that sends the frames of a test. */
function connect() {
	const [ours, theirs] = duplexPair();
	const clock = new ManualClock();
	const onLost = vi.fn();
	const channel = new Channel(ours, { kernel: "6.12", patience: 1000, clock, onLost });
	const client = new GuestClient(channel, true);
	const decoder = new FrameDecoder();
	const requests: { nonce: Buffer; id: number; op: string; args: Record<string, unknown> }[] = [];
	theirs.on("data", (chunk: Buffer) => {
		for (const frame of decoder.push(chunk))
			requests.push({
				nonce: frame.nonce,
				...(decode(frame.payload) as { id: number; op: string; args: Record<string, unknown> }),
			});
	});
	const send = (payload: unknown, nonce: Uint8Array = requests.at(-1)?.nonce ?? zero) =>
		theirs.write(encodeFrame(nonce, encode(payload)));
	return {
		channel,
		client,
		clock,
		onLost,
		requests,
		theirs,
		send,
		settled: () => new Promise((done) => setImmediate(done)),
	};
}

async function lost(promise: Promise<unknown>): Promise<UndecidedError> {
	const error = await promise.then(
		() => undefined,
		(reason: unknown) => reason,
	);
	expect(error).toBeInstanceOf(UndecidedError);
	return error as UndecidedError;
}

describe("guest client", () => {
	it("waits for ready, sends a new nonce with hello and uses it from then on", async () => {
		const { channel, client, requests, send, settled } = connect();
		send({ id: 0, ok: { ready: true } });
		await channel.ready();
		const hello = channel.hello();
		await settled();
		expect(requests[0]).toMatchObject({ nonce: zero, id: 1, op: "hello" });
		const nonce = requests[0]?.args.nonce as Uint8Array;
		expect(nonce).toHaveLength(8);
		send({ id: 1, ok: greeting }, nonce);
		expect(await hello).toEqual(greeting);
		const ping = client.call("ping", {});
		await settled();
		expect(requests[1]).toMatchObject({ nonce: Buffer.from(nonce), id: 2, op: "ping" });
		send({ id: 2, ok: {} });
		expect(await ping).toEqual({});
	});

	it("sends the user that should run an operation", async () => {
		const { client, requests, send, settled } = connect();
		const calls = [client.as(7).call("ping", {}), client.as(7).as(8).call("close", { handle: 3 })];
		calls.push(client.call("close", { handle: 7 }));
		await settled();
		expect(requests.map(({ args }) => args)).toEqual([{ user: 7 }, { user: 8, handle: 3 }, { handle: 7 }]);
		for (const { id } of requests) send({ id, ok: {} });
		await Promise.all(calls);
		expect(client.as(7).traffic).toEqual(client.traffic);
	});

	it("resolves overlapping calls in order", async () => {
		const { client, send } = connect();
		const calls = [
			client.call("ping", {}),
			client.call("file_read", { path: "/x" }),
			client.call("ping", {}),
		];
		send({ id: 1, ok: {} });
		send({ id: 2, ok: { data: Uint8Array.of(1), eof: true } });
		send({ id: 3, ok: {} });
		expect(await Promise.all(calls)).toEqual([{}, { data: Uint8Array.of(1), eof: true }, {}]);
	});

	it("turns err into a GuestError and continues", async () => {
		const { client, send } = connect();
		const failing = client.call("file_read", { path: "/x" });
		send({ id: 1, err: { errno: 2, what: "open /x", log: "libbpf: no" } });
		await expect(failing).rejects.toMatchObject({
			errno: 2,
			errnoName: "ENOENT",
			op: "file_read",
			log: "libbpf: no",
		});
		await expect(failing).rejects.toBeInstanceOf(GuestError);
		const ping = client.call("ping", {});
		send({ id: 2, ok: {} });
		await ping;
	});

	it.each([
		[130, "user 7 ended in ping with signal 9", true],
		[110, "user 7 hung in ping and was killed", true],
		[71, "user 7 sent an invalid answer to ping and was killed", true],
		[1, "user 7 would like to", false],
		[110, "connect to 192.0.2.1", false],
		[9, "user 7", false],
	])("errno %i of %s: the user is lost, or the guest refused", async (errno, what, isLost) => {
		const { client, send } = connect();
		const call = client.as(7).call("ping", {});
		send({ id: 1, err: { errno, what } });
		if (isLost) {
			const error = await lost(call);
			expect(error).toMatchObject({ code: "user-lost", message: expect.stringContaining(what) });
			expect(error.cause).toBeInstanceOf(GuestError);
		} else await expect(call).rejects.toBeInstanceOf(GuestError);
		const ping = client.call("ping", {});
		send({ id: 2, ok: {} });
		await ping;
	});

	it("distinguishes an agent without the operation from a kernel without the call", async () => {
		const { client, send, settled } = connect();
		const old = client.call("ping", {});
		await settled();
		send({ id: 1, err: { errno: 38, what: "ping: no such operation" } });
		expect(await lost(old)).toMatchObject({
			code: "agent-outdated",
			message: "the agent in the guest has no operation ping: it was built from older sources than bpfgate",
			hint: expect.stringContaining("run ci/setup"),
		});
		const refused = client.call("ping", {});
		await settled();
		send({ id: 2, err: { errno: 38, what: "ping" } });
		await expect(refused).rejects.toBeInstanceOf(GuestError);
	});

	it.each<[string, (peer: ReturnType<typeof connect>) => void]>([
		["rubbish", ({ theirs }) => theirs.write("rubbish")],
		["an unknown id", ({ send }) => send({ id: 9, ok: {} })],
		["an answer out of order", ({ send }) => send({ id: 2, ok: {} })],
		["another nonce", ({ send }) => send({ id: 1, ok: {} }, Buffer.alloc(8, 1))],
		["both ok and err", ({ send }) => send({ id: 1, ok: {}, err: { errno: 1, what: "" } })],
		["neither ok nor err", ({ send }) => send({ id: 1 })],
		["an unknown key", ({ send }) => send({ id: 1, oh: {} })],
		["no map", ({ send }) => send([1, {}])],
		["a result of another shape", ({ send }) => send({ id: 1, ok: { data: "text", eof: true } })],
		["ready again", ({ send }) => send({ id: 0, ok: { ready: true } })],
		["an err of another shape", ({ send }) => send({ id: 1, err: { errno: -1, what: "" } })],
		["no MessagePack", ({ theirs }) => theirs.write(encodeFrame(zero, Buffer.from([0xc1])))],
	])("gives the guest up after %s", async (_, send) => {
		const peer = connect();
		const calls = [peer.client.call("file_read", { path: "/x" }), peer.client.call("ping", {})];
		send(peer);
		for (const call of calls) expect((await lost(call)).code).toBe("channel-corrupt");
		expect((await lost(peer.client.call("ping", {}))).code).toBe("channel-corrupt");
		expect(peer.onLost).toHaveBeenCalledOnce();
	});

	it("takes no answer that is cut, at whichever byte, and what follows does not complete it", async () => {
		const answer = encodeFrame(zero, encode({ id: 1, ok: { data: Uint8Array.of(1, 2, 3), eof: true } }));
		for (let cut = 0; cut < answer.length; cut++) {
			const silent = connect();
			const hung = silent.client.call("file_read", { path: "/x" });
			silent.theirs.write(answer.subarray(0, cut));
			await silent.settled();
			silent.clock.advance(1200);
			expect((await lost(hung)).code, `silence after ${cut} bytes`).toBe("guest-hung");
			const talking = connect();
			const broken = talking.client.call("file_read", { path: "/x" });
			talking.theirs.write(answer.subarray(0, cut));
			if (cut > 0) talking.theirs.write(answer);
			else talking.theirs.write(answer.subarray(1));
			expect((await lost(broken)).code, `an answer after ${cut} bytes`).toBe("channel-corrupt");
		}
	});

	it("reports a guest without progress as hung; a constant progress count is no progress", async () => {
		const { client, clock, onLost, send, settled } = connect();
		const call = client.call("ping", {});
		for (let n = 1; n <= 5; n++) {
			send({ id: 1, progress: n });
			await settled();
			clock.advance(900);
		}
		expect(client.failure).toBeUndefined();
		send({ id: 1, progress: 5 });
		await settled();
		clock.advance(300);
		const error = await lost(call);
		expect(error.code).toBe("guest-hung");
		expect(error.message).toMatch(/6\.12 hung in ping/);
		expect(onLost).toHaveBeenCalledOnce();
	});

	it("rejects all requests with the error of the process's owner, and keeps the first one", async () => {
		const { channel, client, onLost } = connect();
		const call = client.call("ping", {});
		channel.fail(new UndecidedError("guest-died", "gone", ""));
		channel.fail(new UndecidedError("guest-hung", "later", ""));
		expect((await lost(call)).code).toBe("guest-died");
		expect((await lost(channel.ready())).code).toBe("guest-died");
		expect(onLost).not.toHaveBeenCalled();
	});
});
