// SPDX-License-Identifier: Apache-2.0
import { describe, expect, it } from "vitest";
import { defaultMemoryMiB as memoryMiB } from "../kernel/kernel.js";
import { commandLine, type Launch, type Memory } from "./qemu.js";

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
};

const state = "/t/state";

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
		expect(args.join(" ")).not.toMatch(/-drive|-netdev|-virtfs|-fsdev|-monitor|[ ,]path=/);
	});

	it("maps a template's RAM shared to make it and privately to clone it", () => {
		const ram = (memory: Memory) => {
			const { args, files } = commandLine({ ...launch, memory });
			return { object: args[args.indexOf("-object") + 1], file: files[0] };
		};
		const path = `memory-backend-file,id=ram,size=${memoryMiB}M,mem-path=/proc/self/fd/6`;
		const file = "/t/a,b";
		// The first is the folder of the socket through which the template's state comes.
		expect(ram({ kind: "shared", file, folder: "/s" })).toEqual({
			object: `${path.slice(0, -1)}7,share=on`,
			file: { path: "/s", flags: "r" },
		});
		expect(ram({ kind: "copied", file, writable: true })).toEqual({
			object: `${path},share=off`,
			file: { path: file, flags: "r+" },
		});
		expect(ram({ kind: "copied", file, writable: false })).toEqual({
			object: `${path},share=off,readonly=on,rom=off`,
			file: { path: file, flags: "r" },
		});
		expect(values("-object")).toEqual([`memory-backend-ram,id=ram,size=${memoryMiB}M`]);
	});

	it("differs between a template and its clones in RAM and origin only", () => {
		const kit = { ...launch.kit, arch: "aarch64" };
		const made = commandLine({ ...launch, kit, memory: { kind: "shared", file: "/t", folder: "/s" } });
		const cloned = commandLine({
			...launch,
			kit,
			memory: { kind: "copied", file: "/t", writable: true },
			state,
		});
		const named = ({ args, files }: typeof made) =>
			args.map((arg) => arg.replace(/\/proc\/self\/fd\/(\d+)/, (_, fd) => files[fd - 6]!.path));
		expect(named(cloned).filter((arg) => !named(made).includes(arg))).toEqual([
			expect.stringContaining("share=off"),
			"-incoming",
			"defer",
		]);
		expect(cloned.files[0]).toEqual({ path: state, flags: "r" });
	});

	it("names no kernel where a clone needs none", () => {
		expect(values("-kernel", { state })).toEqual([]);
		const kit = { ...launch.kit, arch: "aarch64" };
		expect(values("-kernel", { state, kit })).toEqual(["/proc/self/fd/7"]);
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
