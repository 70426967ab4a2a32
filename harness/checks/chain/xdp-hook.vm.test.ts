// SPDX-License-Identifier: Apache-2.0
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { compileBpf } from "../../machine/guest/agent/testobject.js";
import { constantProgram } from "../../machine/guest/bpf-objects.js";
import { agentPath } from "../../machine/guest/build.js";
import { openKernel } from "../../machine/kernel/store.js";
import type { Guest } from "../../machine/vm/guest.js";
import { Machines } from "../../machine/vm/machine.js";
import { said, TestList, TestPrograms } from "./testhooklist.js";

const machines = new Machines({ agent: agentPath });
const ifindex = 1;

/**
 * XDP has no list: who comes second is refused. Kernel: `dev_xdp_attach`, `bpf_xdp_link_update` of
 * net/core/dev.c.
 */
describe.each(["5.10", "6.12", "7.3"])("the XDP hook of a device on %s", (kernel) => {
	let guest: Guest;
	let object: number;
	let links: TestList;
	beforeAll(async () => {
		guest = await machines.clone(await openKernel(kernel));
		const { client } = guest;
		const data = await compileBpf("testdata/testchain.bpf.c");
		await client.call("file_write", { path: "/run/chain.o", data });
		({ object } = await client.call("object_open", { path: "/run/chain.o" }));
		expect((await client.call("object_load", { object, log_level: 0, log_bytes: 4096 })).errno).toBe(0);
		links = new TestList(new TestPrograms(guest, "xdp", 2), { attachType: "xdp", target: ifindex });
	});
	afterAll(() => guest.dispose());

	const set = async (program?: string, expected?: string) => {
		const held = (name: string) => ({ handle: object, program: name });
		const { errno } = await guest.client.call("xdp_set", {
			...{ ifindex, mode: "generic" },
			...(program === undefined ? {} : { program: held(program) }),
			...(expected === undefined ? {} : { expected: held(expected) }),
		});
		return said(errno);
	};
	const running = async () => (await guest.client.call("xdp_query", { ifindex })).generic;

	it("is changed by callers that name the current program", async () => {
		expect(await set("pass")).toBe("done");
		const first = await running();
		expect(await set("drop", "root")).toBe("EEXIST");
		expect(await running()).toBe(first);
		expect(await set("drop", "pass")).toBe("done");
		expect(await running()).not.toBe(first);
		expect(await set(undefined, "pass")).toBe("EEXIST");
		expect(await set(undefined, "drop")).toBe("done");
		expect(await running()).toBe(0);
	});

	it("belongs to a program or a link, and only the link can change its own", async () => {
		expect(await set("pass")).toBe("done");
		expect(await links.attachLink("a")).toBe("EBUSY");
		expect(await set()).toBe("done");
		expect(await links.attachLink("a")).toBe("done");
		expect(await running()).toBe(await links.id("a"));
		for (const [program, expected] of [["pass"], ["pass", "drop"], []])
			expect(await set(program, expected)).toBe("EBUSY");
		expect(await links.attachLink("b")).toBe("EBUSY");
		expect(await links.update("a", await links.held("b"), "c")).toBe("EPERM");
		const { handle } = await constantProgram(guest.client, "sched_cls", 0);
		expect(await links.update("a", { handle: handle! })).toBe("EINVAL");
		expect(await links.update("a", await links.held("b"), "a")).toBe("done");
		expect(await running()).toBe(await links.id("b"));
		expect(await links.linkInfo("a")).toMatchObject({ ifindex, program: await links.id("b") });
		expect(await links.detachLink("a")).toBe("done");
		expect(await running()).toBe(0);
		expect((await links.linkInfo("a")).ifindex).toBe(0);
		expect(await links.update("a", await links.held("c"))).toBe("ENOLINK");
		expect(await set("pass")).toBe("done");
		expect(await set()).toBe("done");
		await links.clear();
	});
});
