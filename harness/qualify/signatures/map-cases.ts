// SPDX-License-Identifier: Apache-2.0
import { always, endedAt, loads, type Observed, refused } from "../../checks/signature/expectation.js";
import { sha256 } from "../../checks/signature/loader-install.js";
import type { LoaderSession } from "../../checks/signature/loader-session.js";
import type { SignatureCase } from "../../checks/signature/signature-case.js";
import { createMap, freezeMap, mapHash, writeElement } from "../../machine/guest/bpf-maps.js";

const bytes = 64;
const content = Uint8Array.from({ length: bytes }, (_, index) => index * 7 + 1);
const BPF_F_MMAPABLE = 1 << 10;
/** A mapping has whole pages; this is the largest page size. */
const pageBytes = 64 * 1024;

/** What protects the content of a signed map: it must not change after it was verified. */
export const mapCases: readonly SignatureCase[] = [
	{
		name: "update-after-freeze",
		promise: "a frozen map cannot be written with bpf(2)",
		expected: always(refused("map-fill", "EPERM")),
		run: (session) =>
			withMap(session, { exclusive: true, frozen: true }, async ({ handle }) =>
				endedAt("map-fill", (await writeElement(session.client, handle, content)).errno),
			),
	},
	{
		name: "freeze-while-mapped",
		promise: "a map that is mapped writable cannot be frozen",
		expected: always(refused("map-freeze", "EBUSY")),
		run: (session) =>
			withMap(session, { mappable: true }, async ({ handle }) => {
				const args = { handle, bytes: pageBytes, freeze: true };
				const { mapped, frozen } = await session.client.call("map_mmap", args);
				return mapped === 0 ? endedAt("map-freeze", frozen) : endedAt("map-fill", mapped);
			}),
	},
	{
		name: "mapped-after-freeze",
		promise: "a frozen map cannot be mapped writable",
		expected: always(refused("map-fill", "EPERM", "EACCES")),
		run: (session) =>
			withMap(session, { mappable: true }, async ({ handle }) => {
				const { errno } = await freezeMap(session.client, handle);
				if (errno !== 0) return endedAt("map-freeze", errno);
				const { mapped } = await session.client.call("map_mmap", { handle, bytes: pageBytes });
				return endedAt("map-fill", mapped);
			}),
	},
	{
		name: "hash-requires-frozen",
		promise: "a map that is not frozen has no hash",
		expected: always(refused("hash", "EPERM")),
		run: (session) =>
			withMap(session, { exclusive: true }, async ({ handle }) =>
				endedAt("hash", (await mapHash(session.client, handle)).errno),
			),
	},
	{
		name: "hash-matches",
		promise: "the kernel's hash of a map is the SHA-256 of its content",
		expected: always(loads),
		run: (session) => hashOf(session, 1),
	},
	{
		name: "hash-of-many-elements",
		promise: "the kernel's hash of a map covers all its elements",
		expected: always(loads),
		run: (session) => hashOf(session, 8),
	},
	{
		name: "hash-bad-size",
		promise: "a hash buffer of another size is refused",
		expected: always(refused("hash", "EINVAL")),
		run: (session) =>
			withMap(session, { frozen: true }, async ({ handle }) =>
				endedAt("hash", (await mapHash(session.client, handle, 16)).errno),
			),
	},
	{
		name: "hash-unsupported-type",
		promise: "a map that is not an array has no hash",
		expected: always(refused("hash", "EINVAL")),
		run: (session) =>
			withMap(session, { type: "hash", frozen: true }, async ({ handle }) =>
				endedAt("hash", (await mapHash(session.client, handle)).errno),
			),
	},
];

interface MapOptions {
	/** To a program that is not loaded. */
	exclusive?: boolean;
	frozen?: boolean;
	/** With room for a page, and empty. */
	mappable?: boolean;
	/** Default `array`. */
	type?: string;
	/** Default 1; the first has content. */
	elements?: number;
}

/** Creates a map, fills and freezes it, and closes it after `use`. */
export async function withMap(
	{ client }: LoaderSession,
	{ exclusive = false, frozen = false, mappable = false, type = "array", elements = 1 }: MapOptions,
	use: (map: { handle: number; number: number }) => Promise<Observed>,
): Promise<Observed> {
	const made = await createMap(client, {
		type,
		valueSize: mappable ? pageBytes : bytes,
		maxEntries: elements,
		exclusiveTo: exclusive ? sha256(new Uint8Array(1)) : undefined,
		...(mappable ? { flags: BPF_F_MMAPABLE } : {}),
	});
	if (made.fd === undefined) return endedAt("map-create", made.errno);
	try {
		const written = mappable ? { errno: 0 } : await writeElement(client, made.fd, content);
		if (written.errno !== 0) return endedAt("map-fill", written.errno);
		if (frozen) await freezeMap(client, made.fd);
		return await use({ handle: made.fd, number: made.ret });
	} finally {
		await client.call("close", { handle: made.fd });
	}
}

function hashOf(session: LoaderSession, elements: number): Promise<Observed> {
	return withMap(session, { frozen: true, elements }, async ({ handle }) => {
		const { errno, hash } = await mapHash(session.client, handle);
		const whole = Buffer.alloc(elements * bytes);
		whole.set(content);
		const differs = errno === 0 && Buffer.compare(hash, sha256(whole)) !== 0;
		const wrong = "a hash that is not the SHA-256 of the map's content";
		return { ...endedAt("hash", errno), ...(differs ? { wrong } : {}) };
	});
}
