// SPDX-License-Identifier: Apache-2.0
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { everything } from "../../checks/token/model/delegation.js";
import { TokenSession } from "../../checks/token/token-session.js";
import { broken, type KernelPromise } from "../../lab/promise.js";
import { testbench } from "../../lab/subject/session/testsession.js";
import { askInfo, masksByProc } from "./token-info.js";
import { answers, tokensQuestion } from "./tokens-question.js";

type Bench = Awaited<ReturnType<typeof testbench>>;

async function collect(promises: AsyncIterable<KernelPromise>): Promise<KernelPromise[]> {
	const all: KernelPromise[] = [];
	for await (const promise of promises) all.push(promise);
	return all;
}

describe.each(["6.12", "7.3"])("%s", (id) => {
	let bench: Bench;
	beforeAll(async () => {
		bench = await testbench(id);
	});
	afterAll(() => bench[Symbol.asyncDispose]());

	it("keeps what tokens promise, and nothing is left behind", async () => {
		const before = await bench.inventory();
		const promises = await collect(tokensQuestion.run(bench.workbench));
		expect(promises.map(({ name }) => name)).toEqual(tokensQuestion.names());
		expect(promises.filter(({ kept }) => !kept)).toEqual([]);
		const found = (name: string) => promises.find((each) => each.name === name);
		expect(found("mount-for-a-group")).toMatchObject({
			seen: expect.stringMatching(/^done when a member .*, EACCES when another user creates/),
		});
		expect(found("token-info")?.seen).toContain(
			id === "6.12"
				? "0x21 when asked for commands with /proc"
				: "0x21 when asked for commands with BPF_OBJ_GET",
		);
		expect(await bench.inventory()).toEqual(before);
	});
});

describe("a kernel that breaks promises about tokens", () => {
	let bench: Bench;
	beforeAll(async () => {
		bench = await testbench("7.3");
	});
	afterAll(() => bench[Symbol.asyncDispose]());

	/** The answers in a session that was changed behind the question's back. */
	async function brokenIn(sabotage: (session: TokenSession) => unknown): Promise<string[]> {
		const session = await TokenSession.open(await bench.workbench.guest());
		try {
			await sabotage(session);
			return broken(await collect(answers(session))).map(({ name }) => name);
		} finally {
			await session.close();
		}
	}

	it("is found where unprivileged eBPF is allowed: no token is needed", async () => {
		const path = "/proc/sys/kernel/unprivileged_bpf_disabled";
		const data = Buffer.from("0");
		const names = await brokenIn(({ guest }) => guest.client.call("file_write", { path, data }));
		expect(names).toEqual([
			"token-used-in-another-user-namespace",
			"token-used-without-capabilities",
			"token-closed-after-use",
		]);
	});

	it("is found where a mount delegates everything: grants make no difference", async () => {
		const names = await brokenIn((session) => {
			const mount = session.mount.bind(session);
			vi.spyOn(session, "mount").mockImplementation((_, settings) => mount(everything, settings));
		});
		expect(names).toContain("token-info");
		expect(names.filter((name) => name.startsWith("grant-required/"))).toHaveLength(18);
	});

	it("is found where a mount is for every user: the group does not matter", async () => {
		const names = await brokenIn((session) => {
			const mount = session.mount.bind(session);
			vi.spyOn(session, "mount").mockImplementation((delegation, { options: _, ...settings } = {}) =>
				mount(delegation, settings),
			);
		});
		expect(names).toEqual(["mount-for-a-group"]);
	});
});

it("bpf(2) and /proc report the same of a token on 7.3", async () => {
	await using bench = await testbench("7.3");
	const session = await TokenSession.open(await bench.workbench.guest());
	try {
		const delegation = { ...everything, programs: ["socket_filter"] };
		const steps = await askInfo(session, delegation);
		expect(steps.map(({ seen }) => seen)).toEqual(steps.map(({ expected }) => expected));
		expect(await masksByProc(session, delegation)).toEqual({
			...{ commands: "any", maps: "any", programs: "0x2", attachments: "any" },
		});
	} finally {
		await session.close();
	}
});

it("a kernel without tokens cannot be asked", async () => {
	await using bench = await testbench("6.1");
	const promises = await collect(tokensQuestion.run(bench.workbench));
	expect(promises.map(({ name }) => name)).toEqual(tokensQuestion.names());
	for (const { lack, kept } of promises) {
		expect(kept).toBeUndefined();
		expect(lack).toMatch(/^kernel 6\.1 has no BPF tokens/);
	}
});
