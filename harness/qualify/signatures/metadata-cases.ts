// SPDX-License-Identifier: Apache-2.0
import { signature } from "../../checks/signature/ephemeral-signers.js";
import {
	always,
	byCover,
	endedAt,
	loads,
	type Observed,
	refused,
} from "../../checks/signature/expectation.js";
import { type Fd, sha256 } from "../../checks/signature/loader-install.js";
import type { LoaderSession } from "../../checks/signature/loader-session.js";
import type { SignatureCase } from "../../checks/signature/signature-case.js";
import { bpf, btfLoad } from "../../machine/guest/bpf-call.js";
import { createMap, freezeMap } from "../../machine/guest/bpf-maps.js";

const notOpen = 0x7ffffff;
const extraBytes = 8;

/** The maps that are bound to a signed loader. */
export const metadataCases: readonly SignatureCase[] = [
	{
		name: "metadata-exclusive-to-another",
		promise: "a metadata map that is exclusive to another program is refused",
		expected: always(refused("load", "EACCES")),
		run: (session) => session.load({ dataMap: { exclusiveTo: sha256(new Uint8Array(8)) } }),
	},
	{
		name: "metadata-wrong-type",
		promise: "a metadata map that is not an array is refused",
		expected: always(refused("load", "EINVAL")),
		run: (session) => session.load({ dataMap: { type: "hash" } }),
	},
	{
		name: "metadata-of-two-elements",
		promise: "a metadata array of two elements is refused",
		expected: always(refused("load", "ENOTSUPP")),
		run: (session) => session.load({ dataMap: { maxEntries: 2 } }),
	},
	{
		name: "extra-map",
		promise: "a counted map that the signature does not cover is refused where maps are signed",
		// Where maps are not signed, the kernel ignores maps that the loader does not use.
		expected: byCover([loads], [refused("load", "EKEYREJECTED")]),
		run: (session) => withExtra(session, {}, (extra) => session.load(bound(session, ["data", extra]))),
	},
	{
		name: "extra-map-not-frozen",
		promise: "a counted map that is not frozen is refused where maps are signed",
		expected: byCover([loads], [refused("load", "EPERM")]),
		run: (session) =>
			withExtra(session, { frozen: false }, (extra) => session.load(bound(session, ["data", extra]))),
	},
	{
		name: "extra-map-not-exclusive",
		promise: "a counted map that is not exclusive is refused where maps are signed",
		expected: byCover([loads], [refused("load", "EPERM")]),
		run: (session) =>
			withExtra(session, { exclusive: false }, (extra) => session.load(bound(session, ["data", extra]))),
	},
	{
		name: "extra-map-uncounted",
		promise: "a map behind the counted ones is ignored",
		expected: always(loads),
		run: (session) =>
			withExtra(session, {}, (extra) =>
				session.load({ fds: ["data", extra], counted: session.contract === "insns-maps" ? 1 : 0 }),
			),
	},
	{
		name: "two-maps",
		promise: "two maps can be signed and bound",
		expected: byCover([loads], [loads]),
		run: (session) => signedWithExtra(session, ["data", "extra"]),
	},
	{
		name: "two-maps-order",
		promise: "two signed maps in another order are refused",
		expected: byCover([refused("load", "EINVAL", "EACCES", "ENOTSUPP")], [refused("load", "EKEYREJECTED")]),
		run: (session) => signedWithExtra(session, ["extra", "data"]),
	},
	{
		name: "fd-array-count-zero",
		promise: "a loader that binds no map is refused where maps are signed",
		expected: byCover([loads], [refused("load", "EKEYREJECTED")]),
		run: (session) => session.load({ counted: 0 }),
	},
	{
		name: "fd-array-sparse",
		promise: "a map that is not counted cannot be used where maps are signed",
		// Signed over the instructions alone; the loader uses the map by its index.
		expected: byCover([loads], [refused("load", "EACCES")]),
		run: async (session) => session.load({ counted: 0, signature: await signature(session.loader.insns) }),
	},
	{
		name: "fd-array-count-one",
		promise: "a bound exclusive map is accepted where maps are signed",
		// 6.18 to 7.2 check exclusivity before they compute the program's digest, so they refuse every
		// exclusive map that is counted.
		expected: byCover([refused("load", "EACCES")], [loads]),
		run: (session) => session.load({ counted: 1 }),
	},
	{
		name: "fd-array-count-too-large",
		promise: "a count beyond the open descriptors is refused",
		expected: byCover([refused("load", "EACCES", "EBADF")], [refused("load", "EBADF")]),
		run: (session) => session.load({ fds: ["data", { fd: notOpen }], counted: 2 }),
	},
	{
		name: "btf-in-fd-array",
		promise: "BTF among the bound maps is refused where maps are signed",
		expected: byCover([loads], [refused("load", "EACCES")]),
		run: (session) => withBtf(session, (btf) => session.load(bound(session, ["data", btf]))),
	},
];

/** The descriptors, all counted where maps are signed. */
function bound(
	session: LoaderSession,
	fds: readonly ("data" | Fd)[],
): { fds: readonly ("data" | Fd)[]; counted: number } {
	return { fds, counted: session.contract === "insns-maps" ? fds.length : 0 };
}

async function withExtra(
	{ client, loader }: LoaderSession,
	{ frozen = true, exclusive = true }: { frozen?: boolean; exclusive?: boolean },
	use: (extra: Fd) => Promise<Observed>,
): Promise<Observed> {
	const exclusiveTo = exclusive ? sha256(loader.insns) : undefined;
	const { fd, errno } = await createMap(client, { valueSize: extraBytes, exclusiveTo });
	if (fd === undefined) return endedAt("map-create", errno);
	try {
		if (frozen) await freezeMap(client, fd);
		return await use({ handle: fd });
	} finally {
		await client.call("close", { handle: fd });
	}
}

/** Where maps are signed: over the metadata, then the content of the extra map. */
function signedWithExtra(session: LoaderSession, order: readonly ("data" | "extra")[]): Promise<Observed> {
	return withExtra(session, {}, async (extra) => {
		const { loader, contract } = session;
		const content = contract === "insns-maps" ? [loader.data, new Uint8Array(extraBytes)] : [];
		const fds = order.map((each) => (each === "data" ? ("data" as const) : extra));
		return session.load({
			...bound(session, fds),
			signature: await signature(Buffer.concat([loader.insns, ...content])),
		});
	});
}

async function withBtf({ client }: LoaderSession, use: (btf: Fd) => Promise<Observed>): Promise<Observed> {
	const { fd, errno } = await bpf(client, "btf_load", btfLoad());
	if (fd === undefined) throw new Error(`BTF of one integer is refused: errno ${errno}`);
	try {
		return await use({ handle: fd });
	} finally {
		await client.call("close", { handle: fd });
	}
}
