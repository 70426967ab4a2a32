// SPDX-License-Identifier: Apache-2.0
import { describe, expect, it } from "vitest";
import { duplexPair } from "../guest/testpair.js";
import { Qmp } from "./qmp.js";

/** A QMP client, and a stand-in for QEMU that answers each command with what `answer` says. */
function connect(answer: (command: { execute: string }) => unknown) {
	const [ours, theirs] = duplexPair();
	const seen: string[] = [];
	theirs.write('{"QMP": {"version": {}, "capabilities": []}}\r\n');
	theirs.on("data", (data: Buffer) => {
		for (const line of String(data).trim().split("\n")) {
			const command = JSON.parse(line) as { execute: string };
			seen.push(command.execute);
			const reply = command.execute === "qmp_capabilities" ? { return: {} } : answer(command);
			if (reply !== undefined) theirs.write(`${JSON.stringify(reply)}\r\n`);
		}
	});
	return { qmp: new Qmp(ours), theirs, seen };
}

describe("QMP", () => {
	it("negotiates, runs a batch in order and returns the last result", async () => {
		const { qmp, seen } = connect((command) => ({ return: command.execute }));
		expect(await qmp.execute({ execute: "stop" }, { execute: "query-status" })).toBe("query-status");
		expect(seen).toEqual(["qmp_capabilities", "stop", "query-status"]);
	});

	it("reports what QEMU refused", async () => {
		const { qmp } = connect(() => ({ error: { class: "GenericError", desc: "no such capability" } }));
		await expect(qmp.execute({ execute: "migrate" })).rejects.toMatchObject({
			code: "qemu-refused",
			message: "QEMU: no such capability",
		});
	});

	it("distinguishes events from answers, also when a line arrives in pieces", async () => {
		const { qmp, theirs } = connect(() => undefined);
		const events: unknown[] = [];
		const end = qmp.onEvent((event, data) => events.push([event, data]));
		await qmp.ready;
		const status = qmp.execute({ execute: "query-status" });
		theirs.write('{"event": "MIGRATION", "data": {"sta');
		theirs.write('tus": "completed"}}\n{"event": "STOP"}\n{"return": 1}\n');
		expect(await status).toBe(1);
		end();
		theirs.write('{"event": "SHUTDOWN"}\n');
		expect(events).toEqual([
			["MIGRATION", { status: "completed" }],
			["STOP", {}],
		]);
	});

	it("rejects pending and later commands when QEMU has ended or sends invalid data", async () => {
		for (const last of ["rubbish\n", "x".repeat(2 << 20), undefined]) {
			const { qmp, theirs } = connect(() => undefined);
			await qmp.ready;
			const waiting = expect(qmp.execute({ execute: "stop" })).rejects.toMatchObject({
				code: "qemu-refused",
			});
			await new Promise((done) => setImmediate(done));
			if (last === undefined) theirs.end();
			else theirs.write(last);
			await waiting;
			await expect(qmp.execute({ execute: "cont" })).rejects.toThrow();
		}
	});
});
