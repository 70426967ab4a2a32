// SPDX-License-Identifier: Apache-2.0

import { E2BIG, errnoName } from "../../base/errno.js";
import { assemble, returns } from "../../base/insn.js";
import { keySpecs } from "../../base/keys.js";
import { Btf } from "../../data/package/btf/btf.js";
import type { Contract } from "../../data/signing/contract.js";
import { readFile } from "../../machine/features/files.js";
import { hasMember } from "../../machine/features/kernel-btf.js";
import { createMap, freezeMap, writeElement } from "../../machine/guest/bpf-maps.js";
import type { Guest } from "../../machine/vm/guest.js";
import { identity, signature } from "./ephemeral-signers.js";
import { loadLoader, sha256 } from "./loader-install.js";

/** What a kernel does with signatures of programs, found by trying. */
export interface KernelContract {
	contract: Contract | "none";
	/** How that was found, as a clause: `it refuses ...`. */
	shown: string;
	/** `struct bpf_prog_aux` has `sig`, which records the verdict of each load. */
	verdictRecorded: boolean;
}

const asked = new Map<string, Promise<KernelContract>>();

/** The contract of the guest's kernel; each kernel image is asked once for each process. */
export function kernelContract(guest: Guest): Promise<KernelContract> {
	const key = guest.kernel.image_sha256;
	let answer = asked.get(key);
	if (!answer) {
		answer = ask(guest);
		asked.set(key, answer);
		answer.catch(() => asked.delete(key));
	}
	return answer;
}

/** Signs a small program over its instructions, and over these and a bound map, and tries both. */
async function ask({ client }: Guest): Promise<KernelContract> {
	const vmlinux = await readFile(client, "/sys/kernel/btf/vmlinux");
	const btf = vmlinux && new Btf("/sys/kernel/btf/vmlinux", vmlinux);
	const has = (struct: string, member: string) => btf !== undefined && hasMember(btf, struct, member);
	const verdictRecorded = has("bpf_prog_aux", "sig");
	const insns = assemble(returns(0));
	const answer = (contract: KernelContract["contract"], shown: string): KernelContract => ({
		contract,
		shown,
		verdictRecorded,
	});

	const { serial: keyring } = await client.call("key_add", {
		type: "keyring",
		description: "bpfgate contract",
		keyring: keySpecs.session,
	});
	const handles: number[] = [];
	try {
		const { certificate } = await identity("trusted");
		await client.call("key_add", { type: "asymmetric", payload: certificate.der, keyring });
		const load = async (signed: Uint8Array, maps: readonly number[]) => {
			const fds = maps.map((handle) => ({ handle }));
			const result = await loadLoader(client, insns, fds, maps.length, {
				bytes: await signature(signed),
				keyring,
			});
			if (result.fd !== undefined) handles.push(result.fd);
			return result.errno;
		};
		const alone = await load(insns, []);
		if (alone === E2BIG) return answer("none", "it does not know the attributes of a signature (E2BIG)");
		if (alone !== 0) return answer("none", `it refuses a correctly signed program (${errnoName(alone)})`);

		const exclusiveTo = sha256(insns);
		const content = Buffer.alloc(8, 0x5a);
		const made = await createMap(client, { valueSize: content.length, exclusiveTo });
		if (made.fd === undefined)
			return answer("none", `it accepts signatures but creates no exclusive maps (${errnoName(made.errno)})`);
		handles.push(made.fd);
		await writeElement(client, made.fd, content);
		await freezeMap(client, made.fd);
		if ((await load(Buffer.concat([insns, content]), [made.fd])) === 0)
			return answer("insns-maps", "it accepts a signature over instructions and the content of bound maps");
		return has("bpf_map", "excl")
			? answer("insns-excl", "its signatures cover the instructions alone; struct bpf_map has excl")
			: answer(
					"insns",
					"its signatures cover the instructions alone; programs cannot see whether a map is exclusive",
				);
	} finally {
		for (const handle of handles) await client.call("close", { handle });
		await client.call("key_unlink", { key: keyring, keyring: keySpecs.session });
	}
}
