// SPDX-License-Identifier: Apache-2.0

import { errnoName } from "../../base/errno.js";
import { UndecidedError } from "../../base/errors.js";
import { assemble, load64, pseudo, returns } from "../../base/insn.js";
import type { Contract } from "../../data/signing/contract.js";
import type { Guest } from "../../machine/vm/guest.js";
import { artifact } from "./gatekeeper/artifacts.js";
import type { KernelCase } from "./kernel-case.js";
import type { Keyrings } from "./keyrings.js";
import { always, loads, refused } from "./promise.js";
import { type Observed, sha256 } from "./scene.js";
import { signature } from "./throwaway.js";
import { VerdictReader } from "./verdict.js";

/** What token-loader.c does before the kernel is shown a signature, in its order. */
const before = ["user-namespace", "identity", "fsopen", "delegate", "fsmount", "token"];
const stages = ["map-create", "map-fill", "map-freeze", "load"] as const;
const folder = "/run/bpfgate-token";
const pin = "/sys/fs/bpf/bpfgate-token";

/**
 * A signed load by root of a user namespace, who is nobody outside of it: what it may do a BPF
 * token (6.9) says, to which root of the guest delegates `map_create` and `prog_load` of arrays and
 * syscall programs. The key is in a keyring below the session keyring, which a process keeps when
 * it goes into a user namespace.
 */
export const tokenCases: readonly KernelCase[] = [
	{
		name: "token-signed",
		promises: always(loads),
		run: (world, guest, contract) => load(world, guest, contract, {}),
	},
	{
		name: "token-tampered",
		promises: always(refused("load", "EKEYREJECTED")),
		run: (world, guest, contract) => load(world, guest, contract, { tampered: true }),
	},
	{
		name: "no-token-signed",
		promises: always(refused("load", "EPERM")),
		run: (world, guest, contract) => load(world, guest, contract, { token: false }),
	},
];

/** Loads a program that works on a map, as loaders do; its map is made by the token in any case. */
async function load(
	world: Keyrings,
	guest: Guest,
	contract: Contract,
	{ tampered = false, token = true }: { tampered?: boolean; token?: boolean },
): Promise<Observed> {
	const { client } = guest;
	const keyring = await world.trusted;
	const signed = assemble([...load64(1, pseudo.mapIndex, 0), ...returns(0)]);
	const data = Uint8Array.from({ length: 64 }, (_, index) => index + 1);
	const cms = await signature(contract === "insns-maps" ? Buffer.concat([signed, data]) : signed);
	const insns = Buffer.from(signed);
	// The number that is returned.
	if (tampered) insns[20]! ^= 1;

	const program = `${folder}.loader`;
	await client.call("file_write", {
		path: program,
		data: await artifact(guest.kernel.arch, "token-loader"),
		mode: 0o755,
	});
	const files: string[] = [];
	for (const [index, bytes] of [insns, data, cms, sha256(insns)].entries()) {
		const path = `${folder}.${index}`;
		await client.call("file_write", { path, data: bytes });
		files.push(path);
	}
	try {
		const counted = contract === "insns-maps" ? 1 : 0;
		const words = [token ? "token" : "no-token", ...files, String(keyring), String(counted), pin];
		const { status, stdout } = await client.call("command_run", { argv: [program, ...words] });
		const said = Buffer.from(stdout).toString().trim();
		if (status !== 0)
			throw new UndecidedError(
				"token-loader-failed",
				`the program that loads by a token ended with status ${status} after: ${said.replaceAll("\n", ", ")}`,
				"this is a defect of bpfgate; report it",
			);
		return await observed(guest, said, keyring);
	} finally {
		for (const path of [program, ...files]) await client.call("file_remove", { path });
	}
}

async function observed(guest: Guest, said: string, keyring: number): Promise<Observed> {
	const steps = said.split("\n").map((line) => {
		const [step = "", number = ""] = line.split(" ");
		return { step, number: Number(number) };
	});
	const none = { maps: [], programs: [] };
	const id = steps.find(({ step }) => step === "id")?.number;
	if (id !== undefined) {
		const verdicts = await verdictsAndUnpin(guest);
		const verdict = verdicts.get(id);
		const right =
			verdict === undefined ||
			(verdict.verdict === "verified" && verdict.keyringType === "user" && verdict.keyringSerial === keyring);
		return {
			...none,
			stage: "loaded",
			errno: 0,
			...(verdict ? { seen: { verdict } } : {}),
			...(right ? {} : { wrong: "the kernel loaded it by a token without noting that it is verified" }),
		};
	}
	const { step, number: errno } = steps.at(-1) ?? { step: "", number: 0 };
	const stage = stages.find((each) => each === step);
	if (errno === 0 || (!stage && !before.includes(step)))
		throw new UndecidedError(
			"token-loader-failed",
			`the program that loads by a token stopped after: ${said.replaceAll("\n", ", ")}`,
			"this is a defect of bpfgate; report it",
		);
	if (stage) return { ...none, stage, errno };
	const cannot = `the kernel makes no token for a user namespace: ${step} ends with ${errnoName(errno)}`;
	return { ...none, stage: "load", errno, cannot };
}

async function verdictsAndUnpin(guest: Guest) {
	try {
		const reader = await VerdictReader.open(guest);
		try {
			return await reader.read();
		} finally {
			await reader.close();
		}
	} finally {
		await guest.client.call("file_remove", { path: pin });
	}
}
