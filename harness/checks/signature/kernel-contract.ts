// SPDX-License-Identifier: Apache-2.0

import { createHash } from "node:crypto";
import { constants } from "node:os";
import { assemble, returns } from "../../base/insn.js";
import { keySpecs } from "../../base/keys.js";
import { Btf } from "../../data/package/btf/btf.js";
import type { Contract } from "../../data/signing/contract.js";
import { readFile } from "../../machine/features/files.js";
import { hasMember } from "../../machine/features/kernel-btf.js";
import { createMap, freezeMap, writeElement } from "../../machine/guest/bpf-maps.js";
import type { Guest } from "../../machine/vm/guest.js";
import { loadLoader } from "./install.js";
import { identity, signature } from "./throwaway.js";

/** What a kernel does with signatures of programs, as it showed when it was tried. */
export interface KernelContract {
	contract: Contract | "none";
	/** How it was told, one sentence. */
	shown: string;
	/** `struct bpf_prog_aux` has `sig`: the verdict of each load is kept there. */
	verdictRecorded: boolean;
}

const { E2BIG } = constants.errno;
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

/**
 * Signs a program of two instructions with a trusted throwaway key, once over the instructions and
 * once over the instructions and the content of a map that it binds, and looks which the kernel
 * takes.
 */
async function ask({ client }: Guest): Promise<KernelContract> {
	const vmlinux = await readFile(client, "/sys/kernel/btf/vmlinux");
	const btf = vmlinux && new Btf("/sys/kernel/btf/vmlinux", vmlinux);
	const has = (struct: string, member: string) => btf !== undefined && hasMember(btf, struct, member);
	const verdictRecorded = has("bpf_prog_aux", "sig");
	const insns = assemble(returns(0));
	const told = (contract: KernelContract["contract"], shown: string): KernelContract => ({
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
		if (alone === E2BIG) return told("none", "it does not know the attributes of a signature (E2BIG)");
		if (alone !== 0)
			return told("none", `it refuses a program that is signed as it should be (errno ${alone})`);

		const exclusiveTo = createHash("sha256").update(insns).digest();
		const content = Buffer.alloc(8, 0x5a);
		const made = await createMap(client, { valueSize: content.length, exclusiveTo });
		if (made.fd === undefined)
			return told("none", `it takes signatures, but makes no exclusive maps (errno ${made.errno})`);
		handles.push(made.fd);
		await writeElement(client, made.fd, content);
		await freezeMap(client, made.fd);
		if ((await load(Buffer.concat([insns, content]), [made.fd])) === 0)
			return told("insns-maps", "it takes a signature over instructions and the content of bound maps");
		return has("bpf_map", "excl")
			? told("insns-excl", "its signatures cover instructions alone; struct bpf_map tells of exclusivity")
			: told(
					"insns",
					"its signatures cover instructions alone; no program can see whether a map is exclusive",
				);
	} finally {
		for (const handle of handles) await client.call("close", { handle });
		await client.call("key_unlink", { key: keyring, keyring: keySpecs.session });
	}
}
