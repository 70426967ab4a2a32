// SPDX-License-Identifier: Apache-2.0
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { attachTypes } from "../../base/bpf.js";
import { compileBpf } from "../../machine/guest/agent/testobject.js";
import { BpfAttr } from "../../machine/guest/bpf-attr.js";
import { bpf } from "../../machine/guest/bpf-call.js";
import { constantProgram } from "../../machine/guest/bpf-objects.js";
import { agentPath } from "../../machine/guest/build.js";
import { openKernel } from "../../machine/kernel/store.js";
import type { Guest } from "../../machine/vm/guest.js";
import { Machines } from "../../machine/vm/machine.js";
import { said, TestList, type TestPlace, TestPrograms } from "./testhooklist.js";

const machines = new Machines({ agent: agentPath });
const hooks = ["tcx_ingress", "tcx_egress", "netkit_primary", "netkit_peer"];

/** Kernel: kernel/bpf/mprog.c, kernel/bpf/tcx.c, drivers/net/netkit.c. */
describe.each(["6.12", "7.3"])("on %s", (kernel) => {
	let guest: Guest;
	let programs: TestPrograms;
	beforeAll(async () => {
		guest = await machines.clone(await openKernel(kernel));
		programs = new TestPrograms(guest, "sched_cls", -1);
		await guest.client.call("module_load", { name: "veth" });
	});
	afterAll(() => guest.dispose());

	/** A device that has the hook. */
	async function device(hook: string): Promise<number> {
		const kind = hook.startsWith("netkit") ? "netkit" : "veth";
		const { ifindex } = await guest.client.call("netdev_add", { kind, name: "list0", peer: "list1" });
		return ifindex;
	}

	describe.each(hooks)("the list of %s", (hook) => {
		let list: TestList;
		beforeAll(async () => {
			list = new TestList(programs, { attachType: hook, target: await device(hook) });
		});
		afterEach(() => list.clear());
		afterAll(() => guest.client.call("netdev_del", { name: "list0" }));

		it("takes programs before and after others, by descriptor, by id and by link", async () => {
			expect(await list.attach("a")).toBe("done");
			expect(await list.attach("b", { flags: ["before"], relative: { at: "a" } })).toBe("done");
			expect(await list.attach("c", { flags: ["after"], relative: { at: "b", id: true } })).toBe("done");
			expect(await list.attachLink("d", { flags: ["after"], relative: { at: "a" } })).toBe("done");
			const byLink = { at: "d", link: true } as const;
			expect(await list.attachLink("e", { flags: ["before"], relative: byLink })).toBe("done");
			expect(await list.attach("f", { flags: ["before"], relative: byLink })).toBe("done");
			const byLinkId = { at: "e", link: true, id: true } as const;
			expect(await list.attachLink("g", { flags: ["after"], relative: byLinkId })).toBe("done");
			expect(await list.attachLink("h", { flags: ["before"], relative: { at: "a", id: true } })).toBe("done");
			expect(await list.names()).toEqual(["b", "c", "(h)", "a", "(e)", "(g)", "f", "(d)"]);
		});

		it("takes programs first and last", async () => {
			expect(await list.attach("a", { flags: ["after"] })).toBe("done");
			expect(await list.attach("b", { flags: ["before"] })).toBe("done");
			expect(await list.attachLink("c", { flags: ["before"] })).toBe("done");
			expect(await list.attachLink("d", { flags: ["after"] })).toBe("done");
			expect(await list.attach("e")).toBe("done");
			expect(await list.attachLink("f")).toBe("done");
			expect(await list.names()).toEqual(["(c)", "b", "a", "(d)", "e", "(f)"]);
		});

		it("counts its changes, and refuses changes that expect another revision", async () => {
			expect(await list.attach("z")).toBe("done");
			let revision = await list.revision();
			expect(await list.attach("a", { revision })).toBe("done");
			expect(await list.revision()).toBe(++revision);
			for (const stale of [revision - 1n, revision + 1n]) {
				const place = { revision: stale };
				expect(await list.attach("b", place)).toBe("ESTALE");
				expect(await list.attachLink("b", place)).toBe("ESTALE");
				expect(await list.attach("b", { ...place, flags: ["replace"], replaced: "a" })).toBe("ESTALE");
				expect(await list.detach("a", place)).toBe("ESTALE");
			}
			expect(await list.revision()).toBe(revision);
			expect(await list.attachLink("b", { revision })).toBe("done");
			expect(await list.attach("c", { revision: ++revision, flags: ["replace"], replaced: "a" })).toBe(
				"done",
			);
			expect(await list.update("b", await list.held("d"))).toBe("done");
			expect(await list.revision()).toBe(revision + 2n);
			// It is the program that it has.
			expect(await list.update("b", await list.held("d"))).toBe("done");
			expect(await list.revision()).toBe(revision + 2n);
			expect(await list.detach("c", { revision: revision + 2n })).toBe("done");
			expect(await list.revision()).toBe(revision + 3n);
			expect(await list.names()).toEqual(["z", "(d)"]);
		});

		it("replaces a program in its position, and refuses another position", async () => {
			for (const name of ["a", "b"]) expect(await list.attach(name)).toBe("done");
			const replace = (replaced: string, more: Partial<TestPlace> = {}): TestPlace => ({
				...{ ...more, replaced, flags: ["replace", ...(more.flags ?? [])] },
			});
			expect(await list.attach("c", replace("a"))).toBe("done");
			expect(await list.names()).toEqual(["c", "b"]);
			const beforeB = { flags: ["before" as const], relative: { at: "b" } };
			expect(await list.attach("a", replace("c", beforeB))).toBe("done");
			expect(await list.names()).toEqual(["a", "b"]);
			const afterB = { ...beforeB, flags: ["after" as const] };
			expect(await list.attach("c", replace("a", afterB))).toBe("ERANGE");
			const both = { ...beforeB, flags: ["before" as const, "after" as const] };
			expect(await list.attach("c", replace("a", both))).toBe("ERANGE");
			expect(await list.attach("a", replace("a"))).toBe("EEXIST");
			expect(await list.attach("b", replace("a"))).toBe("EEXIST");
			expect(await list.attach("d", replace("c"))).toBe("ENOENT");
			expect(await list.names()).toEqual(["a", "b"]);
		});

		it("changes the program of a link only through the link", async () => {
			for (const name of ["a", "b"]) expect(await list.attachLink(name)).toBe("done");
			const { id } = await list.linkInfo("a");
			expect(await list.attachLink("c", { flags: ["replace"], relative: { at: "a" } })).toBe("ENOENT");
			const byLink = { at: "a", link: true } as const;
			expect(await list.attachLink("c", { flags: ["replace"], relative: byLink })).toBe("ENOENT");
			expect(await list.attach("c", { flags: ["replace"], replaced: "a" })).toBe("EBUSY");
			expect(await list.update("a", await list.held("c"), "b")).toBe("EPERM");
			expect(await list.update("a", await list.held("b"))).toBe("EEXIST");
			const { handle } = await constantProgram(guest.client, "xdp", 2);
			expect(await list.update("a", { handle: handle! })).toBe("EINVAL");
			expect(await list.update("a", await list.held("c"), "a")).toBe("done");
			expect(await list.names()).toEqual(["(c)", "(b)"]);
			const { ifindex, ...told } = await list.linkInfo("a");
			expect(told).toEqual({ id, program: await list.id("c") });
			// A link on the peer's list has the number of the peer, though it is made and asked for
			// at the primary.
			expect([ifindex > 0, ifindex === list.hook.target]).toEqual([true, hook !== "netkit_peer"]);
			expect(await list.detachLink("a")).toBe("done");
			expect(await list.names()).toEqual(["(b)"]);
			expect((await list.linkInfo("a")).ifindex).toBe(0);
			expect(await list.update("a", await list.held("d"))).toBe("ENOLINK");
		});

		it("keeps programs with and without links apart", async () => {
			expect(await list.attach("a")).toBe("done");
			expect(await list.attachLink("b")).toBe("done");
			for (const [name, replaced, answer] of [
				["b", "a", "EEXIST"],
				["a", "b", "EEXIST"],
				["c", "b", "EBUSY"],
				["c", "a", "done"],
			] as const)
				expect(await list.attach(name, { flags: ["replace"], replaced })).toBe(answer);
			expect(await list.detach("b")).toBe("EBUSY");
			expect(await list.detach(undefined, { flags: ["after"] })).toBe("EBUSY");
			expect(await list.names()).toEqual(["c", "(b)"]);
			expect(await list.detach(undefined, { flags: ["before"] })).toBe("done");
			expect(await list.detach(undefined, { flags: ["before"] })).toBe("EBUSY");
			expect(await list.names()).toEqual(["(b)"]);
		});

		it("detaches the first, the last, and programs at a given position", async () => {
			const ahead = (at?: string): TestPlace => ({
				...{ flags: ["before"], ...(at === undefined ? {} : { relative: { at } }) },
			});
			const behind = (at?: string): TestPlace => ({ ...ahead(at), flags: ["after"] });
			for (const name of "abcdefgh") expect(await list.attach(name)).toBe("done");
			expect(await list.detach(undefined, ahead())).toBe("done");
			expect(await list.detach(undefined, behind())).toBe("done");
			expect(await list.names()).toEqual([..."bcdefg"]);
			expect(await list.detach("b", ahead("c"))).toBe("done");
			expect(await list.detach("b", ahead("c"))).toBe("ENOENT");
			expect(await list.detach("c", ahead("e"))).toBe("ERANGE");
			expect(await list.detach("c", ahead("b"))).toBe("ENOENT");
			expect(await list.detach("g", behind("f"))).toBe("done");
			expect(await list.detach("g", behind("f"))).toBe("ENOENT");
			expect(await list.detach("f", behind("d"))).toBe("ERANGE");
			expect(await list.detach("f", behind("f"))).toBe("ERANGE");
			expect(await list.detach("f", behind("g"))).toBe("ENOENT");
			expect(await list.names()).toEqual([..."cdef"]);
			expect(await list.detach(undefined, ahead("d"))).toBe("done");
			expect(await list.detach(undefined, behind("e"))).toBe("done");
			expect(await list.names()).toEqual([..."de"]);
			expect(await list.detach("d", { flags: ["replace"], replaced: "d" })).toBe("EINVAL");
			for (const name of "de") expect(await list.detach(name)).toBe("done");
			for (const place of [ahead(), behind(), {}]) {
				expect(await list.detach(undefined, place)).toBe("ENOENT");
				expect(await list.detach("a", place)).toBe("ENOENT");
			}
		});

		it("refuses positions that do not exist", async () => {
			const each = async (name: string, place: TestPlace) => [
				await list.attach(name, place),
				await list.attachLink(name, place),
			];
			const both = (answer: string) => [answer, answer];
			const nowhere: [TestPlace, string][] = [
				[{ flags: ["before", "after"] }, "ERANGE"],
				[{ flags: ["before", "id"] }, "ENOENT"],
				[{ flags: ["after", "id"] }, "ENOENT"],
				[{ flags: ["id"] }, "ENOENT"],
				[{ flags: ["link"] }, "EINVAL"],
				[{ relative: { at: "b" } }, "EINVAL"],
				[{ relative: { at: "b", id: true } }, "EINVAL"],
				[{ flags: ["before", "after"], relative: { at: "b" } }, "ENOENT"],
				[{ flags: ["before"], relative: { at: "a" } }, "ENOENT"],
				[{ flags: ["after"], relative: { at: "a" } }, "ENOENT"],
				[{ flags: ["before", "id"], relative: 0x7fffffff }, "ENOENT"],
				[{ flags: ["before", "id", "link"], relative: 0x7fffffff }, "ENOENT"],
			];
			for (const [place, answer] of nowhere)
				expect([place, ...(await each("a", place))]).toEqual([place, ...both(answer)]);
			expect(await list.names()).toEqual([]);
			expect(await list.attachLink("a")).toBe("done");
			const there: [TestPlace, string][] = [
				[{}, "EEXIST"],
				[{ flags: ["before"], relative: { at: "a" } }, "EEXIST"],
				[{ flags: ["after"], relative: { at: "a" } }, "EEXIST"],
				[{ flags: ["before"], relative: { at: "a", link: true } }, "EEXIST"],
			];
			for (const [place, answer] of there)
				expect([place, ...(await each("a", place))]).toEqual([place, ...both(answer)]);
			// The descriptor of a program is that of no link.
			const program = { flags: ["before" as const, "link" as const], relative: { at: "a" } };
			expect(await each("b", program)).toEqual(both("EINVAL"));
			expect(await list.names()).toEqual(["(a)"]);
		});

		it("takes 63 programs, and refuses one more at any position", async () => {
			for (let number = 1; number <= 63; number++) expect(await list.attach(`p${number}`)).toBe("done");
			const places: TestPlace[] = [
				{},
				{ flags: ["before"] },
				{ flags: ["after"] },
				{ flags: ["before"], relative: { at: "p63" } },
				{ flags: ["after"], relative: { at: "p1" } },
			];
			for (const place of places) {
				expect(await list.attach("more", place)).toBe("ERANGE");
				expect(await list.attachLink("more", place)).toBe("ERANGE");
			}
			expect(await list.attach("more", { flags: ["replace"], replaced: "p63" })).toBe("done");
			const names = await list.names();
			expect([names.length, names.at(-1)]).toEqual([63, "more"]);
		});

		it("lists as many as there is room for, and refuses flags", async () => {
			for (const name of "abcd") expect(await list.attach(name)).toBe("done");
			const ids = await Promise.all([..."abcd"].map((name) => list.id(name)));
			const query = async (count: number, { room = true, flags = 0 } = {}) => {
				const attr = new BpfAttr(64).u32(0, Number(list.hook.target)).u32(8, flags).u32(24, count);
				attr.u32(4, attachTypes.number(hook)!);
				if (room) attr.pointer(16, new Uint8Array(40), true);
				const { errno, attr: told, blobs } = await bpf(guest.client, "prog_query", attr);
				const words = blobs[0] ? [...new Uint32Array(Uint8Array.from(blobs[0]).buffer)] : [];
				return [said(errno), Buffer.from(told).readUInt32LE(24), words.filter((word) => word > 0)];
			};
			expect(await query(0)).toEqual(["done", 4, []]);
			expect(await query(10, { room: false })).toEqual(["done", 4, []]);
			expect(await query(10)).toEqual(["done", 4, ids]);
			expect(await query(2)).toEqual(["ENOSPC", 4, ids.slice(0, 2)]);
			expect((await query(10, { flags: 1 }))[0]).toBe("EINVAL");
		});
	});

	it.each(hooks)(
		"the list of %s is removed with its device, and its links stay without one",
		async (hook) => {
			const list = new TestList(programs, { attachType: hook, target: await device(hook) });
			expect(await list.attach("a")).toBe("done");
			for (const name of ["b", "c"]) expect(await list.attachLink(name)).toBe("done");
			await guest.client.call("netdev_del", { name: "list0" });
			for (const name of ["b", "c"]) {
				expect(await list.linkInfo(name)).toMatchObject({ ifindex: 0, program: await list.id(name) });
				expect(await list.update(name, await list.held("d"))).toBe("ENOLINK");
			}
			expect(await list.detach("a")).toBe("ENODEV");
			await list.clear();
		},
	);

	it.each(hooks)("the list of %s begins with revision 1", async (hook) => {
		const list = new TestList(programs, { attachType: hook, target: await device(hook) });
		const revision = await list.revision();
		expect(revision).toBe(1n);
		expect(await list.attach("a", { revision })).toBe("done");
		expect(await list.revision()).toBe(2n);
		expect(await list.detach("a", { revision: 2n })).toBe("done");
		expect(await list.revision()).toBe(1n);
		// An empty list of netkit keeps counting, but reports the revision of a new one.
		expect(await list.attach("b", { revision: 1n })).toBe(hook.startsWith("netkit") ? "ESTALE" : "done");
		await guest.client.call("netdev_del", { name: "list0" });
	});

	it("netkit has its lists on the primary device only", async () => {
		const made = await guest.client.call("netdev_add", { kind: "netkit", name: "list0", peer: "list1" });
		for (const attachType of ["netkit_primary", "netkit_peer"]) {
			const [primary, peer] = [made.ifindex, made.peer_ifindex!].map(
				(target) => new TestList(programs, { attachType, target }),
			);
			expect(await primary!.attach("a")).toBe("done");
			expect(await peer!.attach("b")).toBe("EACCES");
			expect(await peer!.attachLink("b")).toBe("EACCES");
			await expect(peer!.names()).rejects.toThrow("EACCES");
			expect(await primary!.names()).toEqual(["a"]);
		}
		await guest.client.call("netdev_del", { name: "list0" });
	});

	it.each(["ingress", "egress"])(
		"the list of tcx_%s stays while filters come and go beside it",
		async (direction) => {
			const { client } = guest;
			for (const name of ["sch_ingress", "cls_bpf"]) await client.call("module_load", { name });
			const data = await compileBpf(join(import.meta.dirname, "testdata/members.bpf.c"));
			await client.call("file_write", { path: "/run/members.o", data });
			const { object } = await client.call("object_open", { path: "/run/members.o" });
			expect((await client.call("object_load", { object, log_level: 0, log_bytes: 4096 })).errno).toBe(0);
			const ifindex = await device("tcx");
			const list = new TestList(programs, { attachType: `tcx_${direction}`, target: ifindex });
			const filter = { object, program: "account", hook: `tc_${direction}`, ifindex };
			for (const [before, after] of [
				["filter", "link"],
				["link", "filter"],
			]) {
				let attached: number | undefined;
				const step = async (what: string | undefined) => {
					if (what === "link") expect(await list.attachLink("a")).toBe("done");
					else attached = (await client.call("attach", filter)).link;
				};
				await step(before);
				await step(after);
				expect(await list.names()).toEqual(["(a)"]);
				await client.call("detach", { link: attached! });
				expect(await list.names()).toEqual(["(a)"]);
				attached = (await client.call("attach", filter)).link;
				await list.clear();
				const { filters } = await client.call("tc_filters", { ifindex, egress: direction === "egress" });
				expect(filters).toHaveLength(1);
				await client.call("detach", { link: attached });
			}
			await client.call("attach", filter);
			expect(await list.attachLink("a")).toBe("done");
			await client.call("netdev_del", { name: "list0" });
			expect((await list.linkInfo("a")).ifindex).toBe(0);
			await client.call("object_close", { object });
		},
	);
});
