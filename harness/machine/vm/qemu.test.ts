// SPDX-License-Identifier: Apache-2.0
import { describe, expect, it } from "vitest";
import { defaultMemoryMiB as memoryMiB } from "../kernel/kernel.js";
import { commandLine, type Launch } from "./qemu.js";

const launch: Launch = {
	kit: {
		arch: "x86_64",
		image: "/k/image",
		image_sha256: "a",
		initramfs: "/k/initramfs",
		initramfs_sha256: "b",
	},
	accelerator: "tcg",
	memory: { kind: "private" },
	incoming: false,
};

/** The values given for one option. */
function values(option: string, change: Partial<Launch> = {}): string[] {
	const { args } = commandLine({ ...launch, ...change });
	return args.filter((_, index) => args[index - 1] === option);
}

describe("QEMU's command line", () => {
	it("has no disk, no network card and no host file system, and is sandboxed", () => {
		const { command, args } = commandLine(launch);
		expect(command).toBe("qemu-system-x86_64");
		for (const option of ["-nodefaults", "-no-user-config", "-no-reboot"]) expect(args).toContain(option);
		expect(values("-nic")).toEqual(["none"]);
		expect(values("-sandbox")).toEqual([
			"on,obsolete=deny,elevateprivileges=deny,spawn=deny,resourcecontrol=deny",
		]);
		expect(args.join(" ")).not.toMatch(/-drive|-netdev|-virtfs|-fsdev|-monitor|path=/);
	});

	it("maps a template's RAM shared to make it and privately to clone it", () => {
		const object = (kind: "shared" | "copied") => values("-object", { memory: { kind, file: "/t/a,b" } });
		expect(object("shared")).toEqual([
			`memory-backend-file,id=ram,size=${memoryMiB}M,mem-path=/t/a,,b,share=on`,
		]);
		expect(object("copied")[0]).toMatch(/share=off$/);
		expect(values("-object")).toEqual([`memory-backend-ram,id=ram,size=${memoryMiB}M`]);
	});

	it("differs between a template and its clones in RAM and origin only", () => {
		const made = commandLine({ ...launch, memory: { kind: "shared", file: "/t" } }).args;
		const cloned = commandLine({ ...launch, memory: { kind: "copied", file: "/t" }, incoming: true }).args;
		expect(cloned.filter((arg) => !made.includes(arg))).toEqual([
			expect.stringContaining("share=off"),
			"-incoming",
			"defer",
		]);
	});

	it("names no kernel where a clone needs none", () => {
		expect(values("-kernel", { incoming: true })).toEqual([]);
		const kit = { ...launch.kit, arch: "aarch64" };
		expect(values("-kernel", { incoming: true, kit })).toEqual(["/k/image"]);
	});

	it("takes machine, console and bus from the architecture", () => {
		const other = (arch: string) => ({ kit: { ...launch.kit, arch } });
		expect(commandLine({ ...launch, ...other("aarch64") }).command).toBe("qemu-system-aarch64");
		expect(values("-append", other("aarch64"))[0]).toMatch(/^console=ttyAMA0 /);
		expect(values("-device", other("s390x"))).toContain("virtio-serial-ccw,max_ports=2");
		expect(values("-append")[0]).toMatch(/^console=ttyS0 .*panic=-1/);
		expect(() => commandLine({ ...launch, ...other("m68k") })).toThrow(/m68k/);
	});

	it("asks for the accelerator it is told", () => {
		expect(values("-accel")[0]).toMatch(/^tcg/);
		expect(values("-accel", { accelerator: "kvm" })).toEqual(["kvm"]);
	});
});
