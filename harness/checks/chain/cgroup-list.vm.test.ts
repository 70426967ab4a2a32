// SPDX-License-Identifier: Apache-2.0
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { agentPath } from "../../machine/guest/build.js";
import { openKernel } from "../../machine/kernel/store.js";
import type { Guest } from "../../machine/vm/guest.js";
import { Machines } from "../../machine/vm/machine.js";
import { BPF_F_QUERY_EFFECTIVE } from "./hook-list.js";
import { TestList, type TestPlace, TestPrograms } from "./testhooklist.js";

const machines = new Machines({ agent: agentPath });

/** Kernel: `__cgroup_bpf_attach`, `get_prog_list` of kernel/bpf/cgroup.c. */
describe.each(["6.12", "7.3"])("the list of a cgroup on %s", (kernel) => {
	let guest: Guest;
	let programs: TestPrograms;
	let list: TestList;
	let handle: number;

	beforeAll(async () => {
		guest = await machines.clone(await openKernel(kernel));
		programs = new TestPrograms(guest, "cgroup_sockopt", 1, "cgroup_getsockopt");
		const { path } = await guest.client.call("cgroup_add", { name: "list" });
		({ handle } = await guest.client.call("path_open", { path }));
		list = new TestList(programs, { attachType: "cgroup_getsockopt", target: { handle } }, ["multi"]);
	});
	afterEach(() => list.clear());
	afterAll(() => guest.dispose());

	const executed = () => list.names(BPF_F_QUERY_EFFECTIVE);

	it("takes programs before and after others, first and last, and counts its changes", async () => {
		const first = await list.revision();
		let revision = first;
		const attach = async (name: string, place: TestPlace = {}) => {
			expect(await list.attach(name, { ...place, revision })).toBe("done");
			expect(await list.revision()).toBe(++revision);
		};
		await attach("a", { flags: ["before", "after"] });
		await attach("b", { flags: ["before"] });
		await attach("c", { flags: ["after"], relative: { at: "b" } });
		await attach("d");
		await attach("e", { flags: ["before"], relative: { at: "a", id: true } });
		await attach("f", { flags: ["after"] });
		expect(await list.names()).toEqual(["b", "c", "e", "a", "d", "f"]);
		expect(await executed()).toEqual(["b", "c", "e", "a", "d", "f"]);
		for (const stale of [revision - 1n, revision + 1n]) {
			expect(await list.attach("g", { revision: stale })).toBe("ESTALE");
			expect(await list.detach("a", { revision: stale })).toBe("ESTALE");
		}
		expect(await list.detach("c", { revision })).toBe("done");
		expect(await list.revision()).toBe(revision + 1n);
		expect(await list.names()).toEqual(["b", "e", "a", "d", "f"]);
	});

	it("takes links before and after links, first and last", async () => {
		const revision = await list.revision();
		expect(await list.attachLink("a", { revision })).toBe("done");
		const beforeA: TestPlace = { flags: ["before"], relative: { at: "a", link: true, id: true } };
		expect(await list.attachLink("b", { ...beforeA, revision })).toBe("ESTALE");
		expect(await list.attachLink("b", { ...beforeA, revision: revision + 1n })).toBe("done");
		expect(await list.attachLink("c", { flags: ["after"], relative: { at: "b", link: true } })).toBe("done");
		expect(await list.attachLink("d")).toBe("done");
		expect(await list.attachLink("e", { flags: ["before"] })).toBe("done");
		expect(await list.attachLink("f", { flags: ["after"] })).toBe("done");
		expect(await list.names()).toEqual(["e", "b", "c", "a", "d", "f"]);
		expect(await executed()).toEqual(["e", "b", "c", "a", "d", "f"]);
		expect(await list.update("c", await list.held("g"))).toBe("done");
		expect(await list.update("c", await list.held("h"), "c")).toBe("EPERM");
		expect(await list.names()).toEqual(["e", "b", "g", "a", "d", "f"]);
		expect(await list.detachLink("b")).toBe("done");
		expect(await executed()).toEqual(["e", "g", "a", "d", "f"]);
		expect(await list.update("b", await list.held("h"))).toBe("ENOLINK");
	});

	it.each(["attach", "attachLink"] as const)(
		"runs programs with PREORDER first, and refuses positions relative to others (%s)",
		async (way) => {
			const link = way === "attachLink" ? { link: true as const } : {};
			expect(await list[way]("a")).toBe("done");
			expect(await list[way]("b", { flags: ["preorder"] })).toBe("done");
			const afterB: TestPlace = { flags: ["after"], relative: { at: "b", ...link } };
			expect(await list[way]("c", afterB)).toBe("EINVAL");
			expect(await list[way]("c", { ...afterB, flags: ["after", "preorder"] })).toBe("done");
			const beforeA: TestPlace = { flags: ["before", "preorder"], relative: { at: "a", ...link } };
			expect(await list[way]("d", beforeA)).toBe("EINVAL");
			expect(await list[way]("d")).toBe("done");
			expect(await list.names()).toEqual(["a", "b", "c", "d"]);
			expect(await executed()).toEqual(["b", "c", "a", "d"]);
		},
	);

	it("replaces a program only in its position", async () => {
		for (const name of ["a", "b", "c"]) expect(await list.attach(name)).toBe("done");
		const replace = (replaced: string, ...more: ("before" | "after")[]): TestPlace => ({
			...{ flags: ["replace", ...more], replaced },
		});
		expect(await list.attach("d", replace("b"))).toBe("done");
		expect(await executed()).toEqual(["a", "d", "c"]);
		expect(await list.attach("b", replace("d", "after"))).toBe("EINVAL");
		expect(await list.attach("b", replace("d", "before"))).toBe("EINVAL");
		expect(await list.attach("b", replace("e"))).toBe("ENOENT");
		expect(await list.attach("a", replace("d"))).toBe("EINVAL");
		expect(await executed()).toEqual(["a", "d", "c"]);
	});

	it("refuses positions that do not exist", async () => {
		const refused = async (name: string, places: [TestPlace, string, string][]) => {
			for (const [place, program, link] of places)
				expect([place, await list.attach(name, place), await list.attachLink(name, place)]).toEqual([
					...[place, program, link],
				]);
		};
		await refused("a", [
			[{ flags: ["before", "after"], relative: { at: "b" } }, "EINVAL", "EINVAL"],
			[{ flags: ["before", "id"] }, "ENOENT", "EINVAL"],
			[{ flags: ["after", "id"] }, "ENOENT", "EINVAL"],
			[{ relative: { at: "b" } }, "EINVAL", "EINVAL"],
			[{ relative: { at: "b", id: true } }, "EINVAL", "EINVAL"],
			[{ flags: ["link"] }, "EINVAL", "EINVAL"],
			[{ flags: ["before"], relative: { at: "a" } }, "ENOENT", "EINVAL"],
			[{ flags: ["after"], relative: { at: "a" } }, "ENOENT", "EINVAL"],
			[{ flags: ["before", "link", "id"], relative: 0x7fffffff }, "EINVAL", "ENOENT"],
		]);
		expect(await list.attach("a")).toBe("done");
		expect(await list.attachLink("b")).toBe("done");
		await refused("c", [
			[{ flags: ["before", "after"] }, "EINVAL", "EINVAL"],
			// Only a program stands beside a program, a link beside a link.
			[{ flags: ["before"], relative: { at: "b", link: true } }, "EINVAL", "done"],
		]);
		expect(await list.attach("a", { flags: ["after"] })).toBe("EINVAL");
		expect(await list.attach("d", { flags: ["before"], relative: { at: "b" } })).toBe("ENOENT");
		expect(await list.names()).toEqual(["a", "c", "b"]);
	});
});
