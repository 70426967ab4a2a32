// SPDX-License-Identifier: Apache-2.0
import { signedBytes } from "../../data/signing/layout.js";
import { signature } from "./ephemeral-signers.js";
import { always, byCover, installsUnsafely, refused } from "./expectation.js";
import { hostOverrides } from "./host-override.js";
import { sha256 } from "./loader-install.js";
import type { LoaderAttack } from "./signature-case.js";

/** The instruction that is changed: `r3 = 0` of the loader's prologue, which clears its stack. */
const tamperedAt = 8 * 4 + 4;

/** Attacks whose outcome depends on the loader; `kernels qualify` asks about the kernel. */
export const loaderAttacks: readonly LoaderAttack[] = [
	{
		name: "tampered-instructions",
		promise: "a loader whose instructions were changed after signing is refused",
		expected: always(refused("load", "EKEYREJECTED")),
		code: "signature-not-enforced",
		run: async (session) => {
			const { loader } = session;
			const insns = Uint8Array.from(loader.insns);
			insns[insns.length - tamperedAt]! ^= 1;
			// Exclusive to the changed loader, so that only the signature can refuse it.
			const dataMap = { exclusiveTo: sha256(insns) };
			return session.load({ insns, dataMap, signature: await signature(signedBytes(loader)) });
		},
	},
	{
		name: "tampered-metadata",
		promise: "a loader whose metadata was changed after signing is refused",
		expected: byCover([refused("run", "EINVAL")], [refused("load", "EKEYREJECTED")]),
		code: "signature-not-enforced",
		run: (session) => {
			const data = Uint8Array.from(session.loader.data);
			data[data.length >> 1]! ^= 0xff;
			return session.install({ dataMap: { data } });
		},
	},
	{
		name: "metadata-not-frozen",
		promise: "a loader with a metadata map that is not frozen is refused",
		expected: byCover([refused("run", "EINVAL")], [refused("load", "EPERM")]),
		code: "signature-not-enforced",
		run: (session) => session.install({ dataMap: { frozen: false } }),
	},
	{
		name: "metadata-not-exclusive",
		promise: "a loader with a metadata map that is not exclusive to it is refused",
		expected: {
			insns: [installsUnsafely("another program can change the loader's metadata map while the loader runs")],
			"insns-excl": [refused("run", "EINVAL")],
			"insns-maps": [refused("load", "EPERM")],
		},
		code: "signature-not-enforced",
		run: (session) => session.install({ dataMap: { exclusiveTo: undefined } }),
	},
	...hostOverrides,
];
