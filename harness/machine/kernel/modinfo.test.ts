// SPDX-License-Identifier: Apache-2.0
import { expect, it } from "vitest";
import { moduleName, readModinfo } from "./modinfo.js";
import { fakeModule } from "./testkernel.js";

it("reads name, dependencies and release", () => {
	expect(readModinfo("veth.ko", fakeModule("veth", ["virtio-ring", "virtio"]))).toEqual({
		name: "veth",
		depends: ["virtio_ring", "virtio"],
		vermagic: "6.12.1-test SMP mod_unload ",
	});
	expect(readModinfo("a.ko", fakeModule("a")).depends).toEqual([]);
});

it("refuses a file that is not a module, truncated at any place", () => {
	const module = fakeModule("veth", ["virtio"]);
	expect(() => readModinfo("x", Buffer.from("no"))).toThrow(/not a 64-bit ELF/);
	for (let length = 64; length < module.length; length += 7) {
		expect(() => readModinfo("x", module.subarray(0, length))).toThrow(/^x: /);
	}
	const renamed = Buffer.from(module.toString("latin1").replace(".modinfo", ".xodinfo"), "latin1");
	expect(() => readModinfo("x", renamed)).toThrow(/is not a kernel module/);
});

it("names a module as the kernel does", () => {
	expect(moduleName("kernel/net/nf-defrag-ipv4.ko.xz")).toBe("nf_defrag_ipv4");
	expect(moduleName("veth.ko")).toBe("veth");
});
