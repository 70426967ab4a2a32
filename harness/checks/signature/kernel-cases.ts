// SPDX-License-Identifier: Apache-2.0

import { mapTypes } from "../../base/bpf.js";
import { assemble, insn, load64, op, pseudo, returns } from "../../base/insn.js";
import { bpf, btfLoad } from "../../machine/guest/bpf-call.js";
import { createMap, freezeMap, mapHash, writeElement } from "../../machine/guest/bpf-maps.js";
import { loadLoader, type Stage } from "./install.js";
import type { KernelCase } from "./kernel-case.js";
import type { Keyrings } from "./keyrings.js";
import { mappingCases } from "./mapping-cases.js";
import { always, byCover, letLoad, loads, refused } from "./promise.js";
import { type Observed, sha256 } from "./scene.js";
import { signature } from "./throwaway.js";
import { tokenCases } from "./token-cases.js";

const bytes = 64;
const content = Uint8Array.from({ length: bytes }, (_, index) => index * 7 + 1);
const someDigest = sha256(new Uint8Array(1));

/** Calls function 1 of the BTF at place 1 of `fd_array`. */
const callKfunc = insn(op.call, { source: pseudo.kfuncCall, offset: 1, imm: 1 });

export const kernelCases: readonly KernelCase[] = [
	{
		name: "no-maps",
		promises: always(loads),
		run: (world) => loadSigned(world, assemble(returns(0))),
	},
	{
		name: "no-maps-tampered",
		promises: always(refused("load", "EKEYREJECTED")),
		run: async (world) => {
			const insns = assemble(returns(0));
			const cms = await signature(insns);
			const tampered = Buffer.from(insns);
			tampered[4]! ^= 1;
			return loadSigned(world, tampered, [], cms);
		},
	},
	{
		name: "map-by-fd",
		promises: byCover(
			[letLoad("a signed number of a descriptor is whatever map the machine puts there")],
			[refused("load", "EINVAL")],
		),
		run: (world) =>
			withMap(world, {}, ({ number }) =>
				loadSigned(world, assemble([...load64(1, pseudo.mapFd, number), ...returns(0)])),
			),
	},
	{
		name: "map-by-index-uncounted",
		promises: byCover(
			[letLoad("the signature covers a place in fd_array, and any map can be put there")],
			[refused("load", "EACCES")],
		),
		run: (world) =>
			withMap(world, {}, ({ handle }) =>
				loadSigned(world, assemble([...load64(1, pseudo.mapIndex, 0), ...returns(0)]), [{ handle }]),
			),
	},
	{
		name: "module-kfunc",
		promises: byCover([refused("load", "EINVAL", "EACCES")], [refused("load", "EACCES")]),
		run: async (world) => {
			const btf = await bpf(world.client, "btf_load", btfLoad());
			if (btf.fd === undefined) throw new Error(`BTF of one integer is refused: errno ${btf.errno}`);
			try {
				const insns = assemble([callKfunc, ...returns(0)]);
				return await loadSigned(world, insns, [{ fd: -1 }, { handle: btf.fd }]);
			} finally {
				await world.client.call("close", { handle: btf.fd });
			}
		},
	},
	{
		name: "exclusive-map-of-another",
		promises: always(refused("load", "EACCES")),
		run: (world) =>
			withMap(world, { exclusive: true }, async ({ handle }) => {
				const insns = assemble([...load64(1, pseudo.mapIndex, 0), ...returns(0)]);
				const loaded = await loadLoader(world.client, insns, [{ handle }], 0);
				if (loaded.fd !== undefined) await world.client.call("close", { handle: loaded.fd });
				return at("load", loaded.errno, loaded.log);
			}),
	},
	{
		name: "update-after-freeze",
		promises: always(refused("map-fill", "EPERM")),
		run: (world) =>
			withMap(world, { exclusive: true, frozen: true }, async ({ handle }) =>
				at("map-fill", (await writeElement(world.client, handle, content)).errno),
			),
	},
	...mappingCases,
	{
		name: "hash-requires-frozen",
		promises: always(refused("hash", "EPERM")),
		run: (world) =>
			withMap(world, { exclusive: true }, async ({ handle }) =>
				at("hash", (await mapHash(world.client, handle)).errno),
			),
	},
	{
		name: "hash-matches",
		promises: always(loads),
		run: (world) => hashOf(world, 1),
	},
	{
		name: "hash-of-many-elements",
		promises: always(loads),
		run: (world) => hashOf(world, 8),
	},
	{
		name: "hash-bad-size",
		promises: always(refused("hash", "EINVAL")),
		run: (world) =>
			withMap(world, { frozen: true }, async ({ handle }) =>
				at("hash", (await mapHash(world.client, handle, 16)).errno),
			),
	},
	{
		name: "hash-unsupported-type",
		promises: always(refused("hash", "EINVAL")),
		run: (world) =>
			withMap(world, { type: "hash", frozen: true }, async ({ handle }) =>
				at("hash", (await mapHash(world.client, handle)).errno),
			),
	},
	...tokenCases,
];

function at(stage: Stage, errno: number, log = ""): Observed {
	return {
		stage: errno === 0 ? "loaded" : stage,
		errno,
		...(log ? { log } : {}),
		maps: [],
		programs: [],
	};
}

async function loadSigned(
	{ client, trusted }: Keyrings,
	insns: Uint8Array,
	fds: Parameters<typeof loadLoader>[2] = [],
	cms?: Uint8Array,
): Promise<Observed> {
	const loaded = await loadLoader(client, insns, fds, 0, {
		bytes: cms ?? (await signature(insns)),
		keyring: await trusted,
	});
	if (loaded.fd !== undefined) await client.call("close", { handle: loaded.fd });
	return at("load", loaded.errno, loaded.log);
}

async function withMap(
	{ client }: Keyrings,
	{
		exclusive = false,
		frozen = false,
		type = "array",
	}: { exclusive?: boolean; frozen?: boolean; type?: string },
	use: (map: { handle: number; number: number }) => Promise<Observed>,
): Promise<Observed> {
	if (mapTypes.number(type) === undefined) throw new Error(`no map type ${type}`);
	const made = await createMap(client, {
		type,
		valueSize: bytes,
		exclusiveTo: exclusive ? someDigest : undefined,
	});
	if (made.fd === undefined) return at("map-create", made.errno);
	try {
		const written = await writeElement(client, made.fd, content);
		if (written.errno !== 0) return at("map-fill", written.errno);
		if (frozen) await freezeMap(client, made.fd);
		return await use({ handle: made.fd, number: made.ret });
	} finally {
		await client.call("close", { handle: made.fd });
	}
}

/** Of an array of so many elements, the first with content. */
async function hashOf({ client }: Keyrings, elements: number): Promise<Observed> {
	const made = await createMap(client, { valueSize: bytes, maxEntries: elements });
	if (made.fd === undefined) return at("map-create", made.errno);
	try {
		await writeElement(client, made.fd, content);
		await freezeMap(client, made.fd);
		const { errno, hash } = await mapHash(client, made.fd);
		const whole = Buffer.alloc(elements * bytes);
		whole.set(content);
		const right = Buffer.compare(hash, sha256(whole)) === 0;
		return {
			...at("hash", errno),
			...(errno === 0 && !right
				? { wrong: "the kernel's hash of a map is not the SHA-256 of what it holds" }
				: {}),
		};
	} finally {
		await client.call("close", { handle: made.fd });
	}
}
