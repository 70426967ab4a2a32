// SPDX-License-Identifier: Apache-2.0
import { errnoName } from "../../base/errno.js";
import type { StructView } from "../../base/struct.js";
import { contextLayout } from "../../data/signing/loader/harden.js";
import { objInfo } from "../../machine/guest/bpf-call.js";
import { readElement } from "../../machine/guest/bpf-maps.js";
import { always, installs, type Observed } from "./expectation.js";
import type { InstallResult } from "./loader-install.js";
import type { Deviation, LoaderSession } from "./loader-session.js";
import type { LoaderAttack } from "./signature-case.js";

/** `max_entries` that no map has by itself. */
const otherEntries = 0x4000 + 0x10000;
const otherByte = 0xaa;
const otherBytes = 64 * 1024;
/** Offsets in `struct bpf_map_desc` (libbpf: skel_internal.h). */
const maxEntries = 4;
const initialValue = 8;
/** Offsets in `struct bpf_map_info`. */
const info = { size: 80, valueSize: 12, maxEntries: 16 };

/** Before libbpf 1.8, loaders take map sizes and values from the host's unsigned context. */
export const hostOverrides: readonly LoaderAttack[] = [
	{
		name: "host-override-max-entries",
		promise: "the host cannot choose max_entries of the maps that a signed loader creates",
		expected: always(installs),
		code: "host-override",
		applies: ({ maps }) => maps.length > 0,
		run: (session) =>
			overriding(
				session,
				(context) => {
					for (const at of descriptors(session)) context.setUint32(at + maxEntries, otherEntries, true);
					return [];
				},
				(installed) => resizedMaps(session, installed),
			),
	},
	{
		name: "host-override-initial-value",
		promise: "the host cannot choose initial values of the maps that a signed loader creates",
		expected: always(installs),
		code: "host-override",
		applies: ({ maps }) => maps.some(({ name }) => name.startsWith(".")),
		run: (session) =>
			overriding(
				session,
				() => {
					const data = new Uint8Array(otherBytes).fill(otherByte);
					return descriptors(session).map((at) => ({ offset: at + initialValue, data }));
				},
				(installed) => filledMaps(session, installed),
			),
	},
];

/** A loader that fails because of the host's values has used them too. */
async function overriding(
	session: LoaderSession,
	host: NonNullable<Deviation["host"]>,
	look: (installed: InstallResult) => Promise<Pick<Observed, "seen" | "wrong">>,
): Promise<Observed> {
	const observed = await session.installBy(session.loader, { host }, look);
	if (observed.step !== "run") return observed;
	const wrong = `a loader that uses the host's values for its maps, and fails with ${errnoName(observed.errno)}`;
	return { ...observed, wrong };
}

function descriptors({ loader }: LoaderSession): number[] {
	return loader.maps.map((_, index) => contextLayout.header + index * contextLayout.map);
}

interface CreatedMap {
	name: string;
	handle: number;
	info: StructView;
}

/** Names of the maps that the loader created and for which `test` holds. */
async function createdMaps(
	{ client, loader }: LoaderSession,
	{ maps }: InstallResult,
	test: (map: CreatedMap) => Promise<boolean>,
): Promise<{ count: number; names: string[] }> {
	const made = maps.flatMap((fd, index) => (fd > 0 ? [{ fd, name: loader.maps[index] ?? "" }] : []));
	const answer = await client.call("fd_adopt", { fds: made.map(({ fd }) => fd) });
	const names: string[] = [];
	let count = 0;
	for (const { fd, name } of made) {
		const handle = answer.adopted.find((each) => each.fd === fd)?.handle;
		if (handle === undefined) continue;
		count++;
		const { info: view } = await objInfo(client, { handle }, info.size);
		if (await test({ name, handle, info: view })) names.push(name);
		await client.call("close", { handle });
	}
	return { count, names };
}

async function resizedMaps(
	session: LoaderSession,
	installed: InstallResult,
): Promise<Pick<Observed, "seen" | "wrong">> {
	const isResized = async (map: CreatedMap) => map.info.u32(info.maxEntries) === otherEntries;
	const { count, names } = await createdMaps(session, installed, isResized);
	if (names.length === 0) return { seen: { maps: count } };
	return { seen: { resized: names }, wrong: `installed with the host's max_entries of ${names.join(", ")}` };
}

async function filledMaps(
	session: LoaderSession,
	installed: InstallResult,
): Promise<Pick<Observed, "seen" | "wrong">> {
	const { count, names } = await createdMaps(session, installed, async ({ name, handle, info: view }) => {
		const size = view.u32(info.valueSize);
		if (!name.includes(".") || size === 0 || size > otherBytes) return false;
		const { errno, value } = await readElement(session.client, handle, size);
		return errno === 0 && value.every((byte) => byte === otherByte);
	});
	if (names.length === 0) return { seen: { maps: count } };
	return { seen: { filled: names }, wrong: `installed with the host's values in ${names.join(", ")}` };
}
