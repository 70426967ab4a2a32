// SPDX-License-Identifier: Apache-2.0
import { signedBytes } from "../../../data/signing/layout.js";
import { bpf, btfLoad } from "../../../machine/guest/bpf-call.js";
import { createMap, freezeMap } from "../../../machine/guest/bpf-maps.js";
import type { Fd } from "../install.js";
import { always, byCover, letIn, loads, refused } from "../promise.js";
import { type Observed, type Scene, sha256 } from "../scene.js";
import { signature } from "../throwaway.js";
import type { SignatureCase } from "./case.js";

const notEnforced = "signature-not-enforced";
const notOpen = 0x7ffffff;
const extraBytes = 8;
/**
 * Instruction that the tampering changes: `r3 = 0` of the loader's start, which clears its stack.
 */
const tamperedAt = 8 * 4 + 4;

/** What the loader works on, and how it is bound to it. */
export const metadataCases: SignatureCase[] = [
	{
		name: "tampered-instructions",
		promises: always(refused("load", "EKEYREJECTED")),
		code: notEnforced,
		run: async (scene) => {
			const { loader } = scene;
			const insns = Uint8Array.from(loader.insns);
			insns[insns.length - tamperedAt]! ^= 1;
			// Bound to the tampered loader: only the signature stands in the way.
			const exclusiveTo = sha256(insns);
			return scene.load({
				insns,
				dataMap: { exclusiveTo },
				signature: await signature(signedBytes(loader)),
			});
		},
	},
	{
		name: "tampered-metadata",
		promises: byCover([refused("run", "EINVAL")], [refused("load", "EKEYREJECTED")]),
		code: notEnforced,
		run: (scene) => scene.install({ dataMap: { data: tampered(scene.loader.data) } }),
	},
	{
		name: "metadata-not-frozen",
		promises: byCover([refused("run", "EINVAL")], [refused("load", "EPERM")]),
		code: notEnforced,
		run: (scene) => scene.install({ dataMap: { frozen: false } }),
	},
	{
		name: "metadata-not-exclusive",
		promises: {
			insns: [
				letIn("another program may hold the map that the loader works on, and change it while it does"),
			],
			"insns-excl": [refused("run", "EINVAL")],
			"insns-maps": [refused("load", "EPERM")],
		},
		code: notEnforced,
		run: (scene) => scene.install({ dataMap: { exclusiveTo: undefined } }),
	},
	{
		name: "metadata-exclusive-to-another",
		promises: always(refused("load", "EACCES")),
		code: notEnforced,
		run: (scene) => scene.load({ dataMap: { exclusiveTo: sha256(new Uint8Array(8)) } }),
	},
	{
		name: "metadata-wrong-type",
		promises: always(refused("load", "EINVAL")),
		code: notEnforced,
		run: (scene) => scene.load({ dataMap: { type: "hash" } }),
	},
	{
		name: "metadata-of-two-elements",
		promises: always(refused("load", "ENOTSUPP")),
		code: notEnforced,
		run: (scene) => scene.load({ dataMap: { maxEntries: 2 } }),
	},
	{
		name: "extra-map",
		// Before maps were signed, what a loader does not refer to is not looked at.
		promises: byCover([loads], [refused("load", "EKEYREJECTED")]),
		code: notEnforced,
		run: (scene) => withExtra(scene, {}, (extra) => scene.load(bound(scene, ["data", extra]))),
	},
	{
		name: "extra-map-not-frozen",
		promises: byCover([loads], [refused("load", "EPERM")]),
		code: notEnforced,
		run: (scene) => withExtra(scene, { frozen: false }, (extra) => scene.load(bound(scene, ["data", extra]))),
	},
	{
		name: "extra-map-not-exclusive",
		promises: byCover([loads], [refused("load", "EPERM")]),
		code: notEnforced,
		run: (scene) =>
			withExtra(scene, { exclusive: false }, (extra) => scene.load(bound(scene, ["data", extra]))),
	},
	{
		name: "extra-map-uncounted",
		promises: always(loads),
		run: (scene) =>
			withExtra(scene, {}, (extra) =>
				scene.load({ fds: ["data", extra], counted: scene.contract === "insns-maps" ? 1 : 0 }),
			),
	},
	{
		name: "two-maps",
		promises: byCover([loads], [loads]),
		run: (scene) => signedWithExtra(scene, ["data", "extra"]),
	},
	{
		name: "two-maps-order",
		promises: byCover([refused("load", "EINVAL", "EACCES", "ENOTSUPP")], [refused("load", "EKEYREJECTED")]),
		code: notEnforced,
		run: (scene) => signedWithExtra(scene, ["extra", "data"]),
	},
	{
		name: "fd-array-count-zero",
		promises: byCover([loads], [refused("load", "EKEYREJECTED")]),
		code: notEnforced,
		run: (scene) => scene.load({ counted: 0 }),
	},
	{
		name: "fd-array-sparse",
		// Signed over the instructions alone, the map reached by its place in an array that is not
		// counted.
		promises: byCover([loads], [refused("load", "EACCES")]),
		code: notEnforced,
		run: async (scene) => scene.load({ counted: 0, signature: await signature(scene.loader.insns) }),
	},
	{
		name: "fd-array-count-one",
		// 6.18 to 7.2 look at exclusivity before they know the digest of the program: no exclusive
		// map can be counted.
		promises: byCover([refused("load", "EACCES")], [loads]),
		run: (scene) => scene.load({ counted: 1 }),
	},
	{
		name: "fd-array-count-too-large",
		promises: byCover([refused("load", "EACCES", "EBADF")], [refused("load", "EBADF")]),
		run: (scene) => scene.load({ fds: ["data", { fd: notOpen }], counted: 2 }),
	},
	{
		name: "btf-in-fd-array",
		promises: byCover([loads], [refused("load", "EACCES")]),
		code: notEnforced,
		run: (scene) => withBtf(scene, (btf) => scene.load(bound(scene, ["data", btf]))),
	},
];

function tampered(data: Uint8Array): Uint8Array {
	const copy = Uint8Array.from(data);
	copy[copy.length >> 1]! ^= 0xff;
	return copy;
}

/** All counted where the kernel wants it so. */
function bound(
	scene: Scene,
	fds: readonly ("data" | Fd)[],
): { fds: readonly ("data" | Fd)[]; counted: number } {
	return { fds, counted: scene.contract === "insns-maps" ? fds.length : 0 };
}

async function withExtra(
	{ client, loader }: Scene,
	{ frozen = true, exclusive = true }: { frozen?: boolean; exclusive?: boolean },
	use: (extra: Fd) => Promise<Observed>,
): Promise<Observed> {
	const exclusiveTo = exclusive ? sha256(loader.insns) : undefined;
	const { fd, errno } = await createMap(client, { valueSize: extraBytes, exclusiveTo });
	if (fd === undefined) return { stage: "map-create", errno, maps: [], programs: [] };
	try {
		if (frozen) await freezeMap(client, fd);
		return await use({ handle: fd });
	} finally {
		await client.call("close", { handle: fd });
	}
}

/** Signed, where maps are, over the data and then the content of the extra map. */
function signedWithExtra(scene: Scene, order: readonly ("data" | "extra")[]): Promise<Observed> {
	return withExtra(scene, {}, async (extra) => {
		const { loader, contract } = scene;
		const content = contract === "insns-maps" ? [loader.data, new Uint8Array(extraBytes)] : [];
		const fds = order.map((each) => (each === "data" ? ("data" as const) : extra));
		return scene.load({
			...bound(scene, fds),
			signature: await signature(Buffer.concat([loader.insns, ...content])),
		});
	});
}

async function withBtf({ client }: Scene, use: (btf: Fd) => Promise<Observed>): Promise<Observed> {
	const { fd, errno } = await bpf(client, "btf_load", btfLoad());
	if (fd === undefined) throw new Error(`BTF of one integer is refused: errno ${errno}`);
	try {
		return await use({ handle: fd });
	} finally {
		await client.call("close", { handle: fd });
	}
}
