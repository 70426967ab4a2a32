// SPDX-License-Identifier: Apache-2.0
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { UndecidedError } from "../base/errors.js";
import type { Reason } from "../base/results.js";
import type { KernelQuestion } from "../lab/kernel-question.js";
import type { Lab } from "../lab/lab.js";
import type { KernelPromise } from "../lab/promise.js";
import { benchOf } from "../lab/testbench.js";
import type { CellWorkbench } from "../lab/workbench.js";
import type { Kernel } from "../machine/kernel/kernel.js";
import { Qualification } from "./qualification.js";

const kernel = (digest: string): Kernel => ({
	id: "6.12",
	release: "6.12.1",
	arch: "x86_64",
	image: "/nowhere",
	image_sha256: digest,
	source: "test",
});
const kept = (name: string): KernelPromise => ({
	name,
	promise: `${name} is refused`,
	expected: "EPERM",
	seen: "EPERM",
	kept: true,
	evidence: {},
});
const died = new UndecidedError("guest-died", "the guest is gone", "look at its console");

let cache: string;
let asked: number;
let left: string[];
let loss: { outcome: "fail" | "error"; reason: Reason };
const before = process.env.BPFGATE_CACHE;
beforeEach(() => {
	cache = mkdtempSync(join(tmpdir(), "bpfgate-qualify-"));
	process.env.BPFGATE_CACHE = cache;
	asked = 0;
	left = [];
	loss = { outcome: "error", reason: { code: "guest-died", message: "the guest is gone", hint: "h" } };
});
afterEach(() => {
	if (before === undefined) delete process.env.BPFGATE_CACHE;
	else process.env.BPFGATE_CACHE = before;
	rmSync(cache, { recursive: true });
});

function question(body: KernelQuestion["run"], more: Partial<KernelQuestion> = {}): KernelQuestion {
	const run: KernelQuestion["run"] = (bench) => {
		asked++;
		return body(bench);
	};
	return {
		area: "tokens",
		summary: "a question of this test",
		version: 1,
		names: () => ["a", "b"],
		run,
		...more,
	};
}
const answering = question(async function* () {
	yield kept("b");
	yield kept("a");
});

function qualification(one: KernelQuestion): Qualification {
	const lab: Pick<Lab, "withBench"> = {
		withBench: (of, work) => {
			const bench = benchOf(of, () => Promise.reject(new Error("no guest is needed")), {
				leftovers: async () => left,
				lost: async () => loss,
			});
			return work(bench as CellWorkbench);
		},
	};
	return new Qualification(() => lab, [one]);
}

describe("a kernel", () => {
	it("is asked once per image, and the answers come in the order of the question", async () => {
		const first = qualification(answering);
		const [one, other] = await Promise.all([
			first.promises(kernel("1"), "tokens"),
			first.promises(kernel("1"), "tokens"),
		]);
		expect(one.map(({ name }) => name)).toEqual(["a", "b"]);
		expect(other).toEqual(one);
		expect(await qualification(answering).promises(kernel("1"), "tokens")).toEqual(one);
		expect(asked).toBe(1);
	});

	it("tells how many answers there are, from none to all", async () => {
		const told: string[] = [];
		const tell = (answered: number, of: number) => told.push(`${answered} of ${of}`);
		await qualification(answering).ask(kernel("1"), "tokens", tell);
		expect(told).toEqual(["0 of 2", "1 of 2", "2 of 2"]);
	});

	it("is asked again when its image or the question changes, or the kept file is damaged", async () => {
		await qualification(answering).promises(kernel("1"), "tokens");
		await qualification(answering).promises(kernel("2"), "tokens");
		expect(asked).toBe(2);
		await qualification({ ...answering, version: 2 }).promises(kernel("1"), "tokens");
		expect(asked).toBe(3);
		for (const file of readdirSync(join(cache, "qualify")))
			writeFileSync(join(cache, "qualify", file), '{"image_sha256":"1"}');
		await qualification(answering).promises(kernel("1"), "tokens");
		expect(asked).toBe(4);
	});

	it("that panics breaks the promise being tried, and the rest is not asked", async () => {
		const panicking = question(
			async function* () {
				yield kept("a");
				throw died;
			},
			{ names: () => ["a", "b", "c"] },
		);
		loss = { outcome: "fail", reason: { code: "kernel-panic", message: "the kernel panicked", hint: "h" } };
		const answers = await qualification(panicking).promises(kernel("1"), "tokens");
		expect(answers.map(({ name, kept: is, lack }) => [name, is, lack])).toEqual([
			["a", true, undefined],
			["b", false, undefined],
			["c", undefined, "not asked: at b, the kernel panicked"],
		]);
	});

	it("that keeps what was closed breaks a promise", async () => {
		left = ["program: x (id 7)"];
		const answers = await qualification(answering).promises(kernel("1"), "tokens");
		expect(answers.at(-1)).toMatchObject({ name: "leftovers", kept: false, seen: "program: x (id 7)" });
	});

	it("that cannot be asked is not taken as answered", async () => {
		const lost = question(async function* () {
			yield kept("a");
			throw died;
		});
		const source = qualification(lost);
		await expect(source.promises(kernel("1"), "tokens")).rejects.toThrow("the guest is gone");
		await expect(source.promises(kernel("1"), "tokens")).rejects.toThrow("the guest is gone");
		expect(asked).toBe(2);
	});

	it("whose question forgets a promise is undecided", async () => {
		const forgetful = question(async function* () {
			yield kept("a");
		});
		await expect(qualification(forgetful).promises(kernel("1"), "tokens")).rejects.toMatchObject({
			code: "no-finding",
		});
	});
});
