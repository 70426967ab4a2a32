// SPDX-License-Identifier: Apache-2.0
import { closeSync, fstatSync, openSync } from "node:fs";
import { defaultMemoryMiB } from "../kernel/kernel.js";
import type { Confinement } from "./confine.js";
import { type OwnedProcess, own } from "./process.js";
import { commandLine, type Launch } from "./qemu.js";

const MiB = 2 ** 20;
/** QEMU's own memory beside the guest's RAM: libraries, translated code, stacks of its threads. */
const overheadMiB = 2048;

/** Starts QEMU, confined to what this VM needs. Throws UndecidedError when it cannot be started. */
export async function launch(vm: Launch): Promise<OwnedProcess> {
	const { command, args, files } = commandLine(vm);
	const open: number[] = [];
	try {
		for (const { path, flags } of files) open.push(openSync(path, flags));
		const channels = ["channel", "channel", "channel"] as const;
		return await own(command, args, [...channels, ...open], confinement(vm, open));
	} finally {
		for (const file of open) closeSync(file);
	}
}

function confinement({ kit, accelerator, memory }: Launch, open: number[]): Confinement {
	const ram = (kit.memory ?? defaultMemoryMiB) * MiB;
	const makesTemplate = memory.kind === "shared";
	return {
		memory: ram + overheadMiB * MiB,
		file: makesTemplate ? ram : 0,
		// Another user opens the files again.
		unprivileged: open.every(forEveryone) && !(memory.kind === "copied" && memory.writable),
		sockets: makesTemplate,
		shared: makesTemplate || accelerator === "kvm",
	};
}

function forEveryone(file: number): boolean {
	return (fstatSync(file).mode & 0o004) !== 0;
}
