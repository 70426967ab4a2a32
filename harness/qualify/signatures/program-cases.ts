// SPDX-License-Identifier: Apache-2.0
import { assemble, insn, load64, op, pseudo, returns } from "../../base/insn.js";
import { signature } from "../../checks/signature/ephemeral-signers.js";
import {
	always,
	byCover,
	endedAt,
	loads,
	loadsUnsafely,
	type Observed,
	refused,
} from "../../checks/signature/expectation.js";
import { loadLoader } from "../../checks/signature/loader-install.js";
import type { LoaderSession } from "../../checks/signature/loader-session.js";
import type { SignatureCase } from "../../checks/signature/signature-case.js";
import { bpf, btfLoad } from "../../machine/guest/bpf-call.js";
import { withMap } from "./map-cases.js";

/** Calls function 1 of the BTF at index 1 of `fd_array`. */
const callKfunc = insn(op.call, { source: pseudo.kfuncCall, offset: 1, imm: 1 });

/** Programs without a loader: what a signature covers of their instructions and maps. */
export const programCases: readonly SignatureCase[] = [
	{
		name: "no-maps",
		promise: "a signed program without maps is loaded",
		expected: always(loads),
		run: (session) => loadSigned(session, assemble(returns(0))),
	},
	{
		name: "no-maps-tampered",
		promise: "a program that was changed after signing is refused",
		expected: always(refused("load", "EKEYREJECTED")),
		run: async (session) => {
			const insns = assemble(returns(0));
			const cms = await signature(insns);
			const tampered = Buffer.from(insns);
			tampered[4]! ^= 1;
			return loadSigned(session, tampered, [], cms);
		},
	},
	{
		name: "map-by-fd",
		promise: "a signed program cannot name a map by file descriptor where maps are signed",
		expected: byCover(
			[
				loadsUnsafely(
					"the signature covers a file descriptor number, not the map behind it: another map can be substituted",
				),
			],
			[refused("load", "EINVAL")],
		),
		run: (session) =>
			withMap(session, {}, ({ number }) =>
				loadSigned(session, assemble([...load64(1, pseudo.mapFd, number), ...returns(0)])),
			),
	},
	{
		name: "map-by-index-uncounted",
		promise: "a signed program cannot use a map that is not counted where maps are signed",
		expected: byCover(
			[
				loadsUnsafely(
					"the signature covers an index into fd_array, not the map behind it: another map can be substituted",
				),
			],
			[refused("load", "EACCES")],
		),
		run: (session) =>
			withMap(session, {}, ({ handle }) =>
				loadSigned(session, assemble([...load64(1, pseudo.mapIndex, 0), ...returns(0)]), [{ handle }]),
			),
	},
	{
		name: "module-kfunc",
		promise: "a signed program cannot call a kfunc of a module",
		expected: byCover([refused("load", "EINVAL", "EACCES")], [refused("load", "EACCES")]),
		run: async (session) => {
			const btf = await bpf(session.client, "btf_load", btfLoad());
			if (btf.fd === undefined) throw new Error(`BTF of one integer is refused: errno ${btf.errno}`);
			try {
				const insns = assemble([callKfunc, ...returns(0)]);
				return await loadSigned(session, insns, [{ fd: -1 }, { handle: btf.fd }]);
			} finally {
				await session.client.call("close", { handle: btf.fd });
			}
		},
	},
	{
		name: "exclusive-map-of-another",
		promise: "a program cannot use a map that is exclusive to another program",
		expected: always(refused("load", "EACCES")),
		run: (session) =>
			withMap(session, { exclusive: true }, async ({ handle }) => {
				const insns = assemble([...load64(1, pseudo.mapIndex, 0), ...returns(0)]);
				const loaded = await loadLoader(session.client, insns, [{ handle }], 0);
				if (loaded.fd !== undefined) await session.client.call("close", { handle: loaded.fd });
				return ended(loaded);
			}),
	},
];

async function loadSigned(
	{ client, trusted }: LoaderSession,
	insns: Uint8Array,
	fds: Parameters<typeof loadLoader>[2] = [],
	cms?: Uint8Array,
): Promise<Observed> {
	const loaded = await loadLoader(client, insns, fds, 0, {
		bytes: cms ?? (await signature(insns)),
		keyring: await trusted,
	});
	if (loaded.fd !== undefined) await client.call("close", { handle: loaded.fd });
	return ended(loaded);
}

const ended = ({ errno, log }: { errno: number; log: string }): Observed => ({
	...endedAt("load", errno),
	...(log ? { log } : {}),
});
