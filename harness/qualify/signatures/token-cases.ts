// SPDX-License-Identifier: Apache-2.0
import { errnoName } from "../../base/errno.js";
import { assemble, load64, pseudo, returns } from "../../base/insn.js";
import { signature } from "../../checks/signature/ephemeral-signers.js";
import { always, endedAt, loads, type Observed, refused } from "../../checks/signature/expectation.js";
import { artifact } from "../../checks/signature/gatekeeper/artifacts.js";
import { sha256 } from "../../checks/signature/loader-install.js";
import type { LoaderSession } from "../../checks/signature/loader-session.js";
import type { SignatureCase } from "../../checks/signature/signature-case.js";
import { readVerdicts } from "../../checks/signature/signature-verdict.js";
import { undecided } from "../../data/reasons/registry/registry.js";
import type { Guest } from "../../machine/vm/guest.js";

/** Steps of token-loader.c before it gives the kernel a signature, in their order. */
const before = ["user-namespace", "identity", "fsopen", "delegate", "fsmount", "token"];
const steps = ["map-create", "map-fill", "map-freeze", "load"] as const;
const folder = "/run/bpfgate-token";
const pin = "/sys/fs/bpf/bpfgate-token";

/**
 * A signed load by root of a user namespace with a token (6.9) that delegates `map_create` and
 * `prog_load`. The session keyring, which has the key, stays with a process that enters a namespace.
 */
export const tokenCases: readonly SignatureCase[] = [
	{
		name: "token-signed",
		promise: "a signed program is loaded with a BPF token and recorded as verified",
		expected: always(loads),
		run: (session) => load(session, {}),
	},
	{
		name: "token-tampered",
		promise: "a program that was changed after signing is refused with a BPF token too",
		expected: always(refused("load", "EKEYREJECTED")),
		run: (session) => load(session, { tampered: true }),
	},
	{
		name: "no-token-signed",
		promise: "root of a user namespace cannot load a signed program without a BPF token",
		expected: always(refused("load", "EPERM")),
		run: (session) => load(session, { token: false }),
	},
];

/** Loads a program with a map, as loaders are; the token always creates the map. */
async function load(
	{ guest, contract, trusted }: LoaderSession,
	{ tampered = false, token = true }: { tampered?: boolean; token?: boolean },
): Promise<Observed> {
	const { client } = guest;
	const keyring = await trusted;
	const signed = assemble([...load64(1, pseudo.mapIndex, 0), ...returns(0)]);
	const data = Uint8Array.from({ length: 64 }, (_, index) => index + 1);
	const cms = await signature(contract === "insns-maps" ? Buffer.concat([signed, data]) : signed);
	const insns = Buffer.from(signed);
	// The immediate of `r0 = 0`.
	if (tampered) insns[20]! ^= 1;

	const program = `${folder}.loader`;
	const bytes = await artifact(guest.kernel.arch, "token-loader");
	await client.call("file_write", { path: program, data: bytes, mode: 0o755 });
	const files: string[] = [];
	for (const [index, content] of [insns, data, cms, sha256(insns)].entries()) {
		const path = `${folder}.${index}`;
		await client.call("file_write", { path, data: content });
		files.push(path);
	}
	try {
		const counted = contract === "insns-maps" ? 1 : 0;
		const words = [token ? "token" : "no-token", ...files, String(keyring), String(counted), pin];
		const { status, stdout } = await client.call("command_run", { argv: [program, ...words] });
		const said = Buffer.from(stdout).toString().trim().split("\n");
		if (status !== 0)
			throw undecided("token-loader-failed", { status: `with status ${status}`, steps: said.join(", ") });
		return await observed(guest, said, keyring);
	} finally {
		for (const path of [program, ...files]) await client.call("file_remove", { path });
	}
}

/** @param said lines `<step> <errno>`, or `id <program id>` when the program was loaded and pinned */
async function observed(guest: Guest, said: readonly string[], keyring: number): Promise<Observed> {
	const answers = said.map((line) => {
		const [name = "", number = ""] = line.split(" ");
		return { name, number: Number(number) };
	});
	const id = answers.find(({ name }) => name === "id")?.number;
	if (id !== undefined) {
		const verdict = (await readVerdicts(guest).finally(() => unpin(guest))).get(id);
		const verified =
			verdict === undefined ||
			(verdict.verdict === "verified" && verdict.keyringType === "user" && verdict.keyringSerial === keyring);
		return {
			...endedAt("load"),
			...(verdict ? { seen: { verdict } } : {}),
			...(verified ? {} : { wrong: "a load with a token that the kernel did not record as verified" }),
		};
	}
	const { name, number: errno } = answers.at(-1) ?? { name: "", number: 0 };
	const step = steps.find((each) => each === name);
	if (errno === 0 || (!step && !before.includes(name)))
		throw undecided("token-loader-failed", { status: "early", steps: said.join(", ") });
	if (step) return endedAt(step, errno);
	const cannot = `the kernel creates no BPF token for a user namespace: ${name} ends with ${errnoName(errno)}`;
	return { ...endedAt("load", errno), cannot };
}

async function unpin(guest: Guest): Promise<void> {
	await guest.client.call("file_remove", { path: pin });
}
