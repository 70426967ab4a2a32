// SPDX-License-Identifier: Apache-2.0

import { errnoName } from "../../../base/errno.js";
import type { StructView } from "../../../base/struct.js";
import { contextLayout } from "../../../data/signing/loader/harden.js";
import { objInfo } from "../../../machine/guest/bpf-call.js";
import { readElement } from "../../../machine/guest/bpf-maps.js";
import type { Installed } from "../install.js";
import { always, installs } from "../promise.js";
import type { Deviation, Observed, Scene } from "../scene.js";
import type { SignatureCase } from "./case.js";

/** Entries that no map has by itself. */
const bogusEntries = 0x4000 + 0x10000;
const evil = 0xaa;
const evilBytes = 64 * 1024;
/** Of `struct bpf_map_desc` (libbpf: skel_internal.h). */
const maxEntries = 4;
const initialValue = 8;
const mapInfoSize = 80;

/**
 * The machine that runs a loader writes into its context: libbpf's loaders take sizes and contents
 * of maps from there, which no signature covers.
 */
export const hostCases: SignatureCase[] = [
	{
		name: "host-override-max-entries",
		promises: always(installs),
		code: "host-override",
		applies: ({ maps }) => maps.length > 0,
		run: (scene) =>
			obeying(
				scene,
				{
					host: (context) => {
						for (const at of descriptors(scene)) context.setUint32(at + maxEntries, bogusEntries, true);
						return [];
					},
				},
				(installed) => sizes(scene, installed),
			),
	},
	{
		name: "host-override-initial-value",
		promises: always(installs),
		code: "host-override",
		applies: ({ maps }) => maps.some(({ name }) => name.startsWith(".")),
		run: (scene) =>
			obeying(
				scene,
				{
					host: () =>
						descriptors(scene).map((at) => ({
							offset: at + initialValue,
							data: new Uint8Array(evilBytes).fill(evil),
						})),
				},
				(installed) => contents(scene, installed),
			),
	},
];

/** A loader that cannot do what the machine says has listened to it all the same. */
async function obeying(
	scene: Scene,
	deviation: Deviation,
	look: (installed: Installed) => Promise<Pick<Observed, "seen" | "wrong">>,
): Promise<Observed> {
	const observed = await scene.installAnd(deviation, look);
	if (observed.stage !== "run") return observed;
	return {
		...observed,
		wrong: `the loader does what the machine that runs it says of its maps, and fails with ${errnoName(observed.errno)}`,
	};
}

function descriptors({ loader }: Scene): number[] {
	return loader.maps.map((_, index) => contextLayout.header + index * contextLayout.map);
}

async function adopted(
	{ client, loader }: Scene,
	{ maps }: Installed,
): Promise<{ name: string; handle: number; info: StructView }[]> {
	const made = maps.flatMap((fd, index) => (fd > 0 ? [{ fd, name: loader.maps[index] ?? "" }] : []));
	const answer = await client.call("fd_adopt", { fds: made.map(({ fd }) => fd) });
	const found = [];
	for (const { fd, name } of made) {
		const handle = answer.adopted.find((each) => each.fd === fd)?.handle;
		if (handle === undefined) continue;
		const { info } = await objInfo(client, { handle }, mapInfoSize);
		found.push({ name, handle, info });
	}
	return found;
}

async function sizes(scene: Scene, installed: Installed): Promise<Pick<Observed, "seen" | "wrong">> {
	const maps = await adopted(scene, installed);
	await closeAll(scene, maps);
	const resized = maps.filter(({ info }) => info.u32(16) === bogusEntries).map(({ name }) => name);
	if (resized.length === 0) return { seen: { maps: maps.length } };
	return {
		seen: { resized },
		wrong: `the machine that runs the loader sizes ${resized.join(", ")} as it likes`,
	};
}

async function contents(scene: Scene, installed: Installed): Promise<Pick<Observed, "seen" | "wrong">> {
	const maps = await adopted(scene, installed);
	const filled: string[] = [];
	for (const { name, handle, info } of maps) {
		const size = info.u32(12);
		if (!name.includes(".") || size === 0 || size > evilBytes) continue;
		const { errno, value } = await readElement(scene.client, handle, size);
		if (errno === 0 && value.every((byte) => byte === evil)) filled.push(name);
	}
	await closeAll(scene, maps);
	if (filled.length === 0) return { seen: { maps: maps.length } };
	return {
		seen: { filled },
		wrong: `the machine that runs the loader fills ${filled.join(", ")} as it likes`,
	};
}

async function closeAll({ client }: Scene, maps: readonly { handle: number }[]): Promise<void> {
	for (const { handle } of maps) await client.call("close", { handle });
}
