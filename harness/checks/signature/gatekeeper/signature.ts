// SPDX-License-Identifier: Apache-2.0

import { InputError } from "../../../base/errors.js";
import { assemble, returns } from "../../../base/insn.js";
import { keySpecs } from "../../../base/keys.js";
import type { PackageObject } from "../../../data/package/package.js";
import type { Contract } from "../../../data/signing/contract.js";
import type { PackageSignatures } from "../../../data/signing/layout.js";
import { callsHelpers } from "../../../machine/guest/bpf-call.js";
import { addKey, type Installation, installOnce, loadLoader } from "../install.js";
import { KeyRefused, Keyrings } from "../keyrings.js";
import { identity, type Signer, signature } from "../throwaway.js";
import { Ways } from "../way.js";
import { type Gatekeeper, pinFolder } from "./gatekeeper.js";
import { nameOf, type Post, type Seen } from "./post.js";
import { encodeSettings } from "./settings.js";

/**
 * What the gatekeeper of signatures does. It admits one keyring, with the keys of the throwaway
 * signer `trusted` and of the package's own.
 */
export async function* signatureScenes(
	post: Post,
	contract: Contract,
	signatures: PackageSignatures | undefined,
): AsyncGenerator<Seen> {
	const { client, intruder, littleEndian } = post;
	const keys = new Keyrings(client);
	const admitted = await keys.trusted;
	if (signatures)
		await keys.trustCertificate(signatures.certificate.der, admitted).catch((error: unknown) => {
			// `installable` tells of it.
			if (!(error instanceof KeyRefused)) throw error;
		});
	// Whoever may add a key to the admitted keyring is admitted: a hardened installation closes it.
	if (post.hardened) await client.call("key_restrict", { keyring: admitted });
	const insns = assemble(returns(0), littleEndian);
	const load = async (signer: Signer, keyring: number, signed = insns): Promise<number> => {
		const bytes = await signature(signed, signer);
		const { errno, fd } = await loadLoader(client, insns, [], 0, { bytes, keyring });
		if (fd !== undefined) await client.call("close", { handle: fd });
		return errno;
	};

	const ways = new Ways(contract, signatures, keys);
	const objects = new Map<string, Installation | string>();
	for (const object of post.pkg.objects)
		objects.set(object.file, await installable(post, object, ways, admitted));
	if (post.peaceful) {
		const gatekeeper = await post.install({ keyrings: ["user"], serials: [admitted] });
		yield admitsPackage(post, objects, gatekeeper);
		await gatekeeper.abandon();
		await keys.close();
		return;
	}
	const attackers = await keys.keyring("untrusted");
	const own = await keys.trust("untrusted", keySpecs.session);
	const verified = await intruder.fails("load-unverifiable");
	const attached = await post.attach("answer_before_load");
	const gatekeeper = await post.install({ keyrings: ["user"], serials: [admitted] });
	const unverified = attached === undefined ? await intruder.fails("load-unverifiable") : attached;
	const before = await post.answeredBy("attached-before", "answer_before_load", attached);
	const unverifiable = { without_attacker: verified ?? "0", with: unverified ?? "0" };
	yield { ...before, evidence: { ...before.evidence, load_of_what_no_verifier_takes: unverifiable } };

	yield post.loadedBefore();
	yield admitsPackage(post, objects, gatekeeper);
	yield post.denies("unsigned-load", "load");
	yield post.denies("forked-load", "fork");
	const denies = async (name: string, errno: number): Promise<Seen> => ({
		case: name,
		kept: errno !== 0,
		evidence: { errno: nameOf(errno), decisions: await gatekeeper.decisions() },
	});
	await gatekeeper.decisions();
	const listed = await load("trusted", admitted);
	yield {
		case: "listed-key",
		kept: listed === 0,
		evidence: { errno: nameOf(listed), decisions: await gatekeeper.decisions() },
	};
	yield denies("unlisted-key", await load("untrusted", attackers));
	yield denies("session-keyring", await load("untrusted", keySpecs.session));
	const other = assemble(callsHelpers(7), littleEndian);
	const tampered = await denies("tampered-load", await load("trusted", admitted, other));
	const seen = tampered.evidence.decisions as unknown[];
	yield { ...tampered, kept: tampered.kept && seen.length === 0 };
	yield post.loadByProgram();
	yield post.answeredBy("attached-after", "answer_before_load", await post.attach("answer_before_load"));
	yield post.linkDetach(gatekeeper);
	if (post.hardened) yield post.unpin(pinFolder);

	const { certificate } = await identity("untrusted");
	const added = await addKey(client, { type: "asymmetric", payload: certificate.der, keyring: admitted });
	const keyErrno = "errno" in added ? added.errno : 0;
	const byAdded = keyErrno || (await load("untrusted", admitted));
	yield {
		case: "key-added",
		kept: byAdded !== 0,
		evidence: { key_add: nameOf(keyErrno), load: nameOf(byAdded) },
	};

	const id = [...gatekeeper.maps].find(([name]) => name.endsWith(".settings"))?.[1] ?? 0;
	const value = encodeSettings({ keyrings: ["user"], serials: [attackers] }, littleEndian);
	const update = await intruder.fails(
		"map-update",
		String(id),
		"00000000",
		Buffer.from(value).toString("hex"),
	);
	const rewritten = await load("untrusted", attackers);
	yield {
		case: "rewrite-settings",
		kept: update !== undefined && rewritten !== 0,
		evidence: { map: id, update: update ?? "0", load: nameOf(rewritten) },
	};
	yield post.holderEnds(gatekeeper);
	await client.call("key_unlink", { key: own, keyring: keySpecs.session });
	await keys.close();
}

/** How an object gets in while there is no gatekeeper, or what is in the way. */
async function installable(
	{ client }: Post,
	object: PackageObject,
	ways: Ways,
	keyring: number,
): Promise<Installation | string> {
	const way = await ways.own(object).catch((error: unknown) => {
		if (error instanceof InputError || error instanceof KeyRefused) return error.message;
		throw error;
	});
	if (way === undefined) return "is not signed for this kernel's contract";
	if (typeof way === "string") return way;
	const { signature, ...rest } = way.installation;
	const installation = { ...rest, ...(signature ? { signature: { ...signature, keyring } } : {}) };
	const { stage, errno } = await installOnce(client, installation);
	return stage === "installed" ? installation : `${nameOf(errno)} at ${stage}`;
}

/** All objects whose loaders work without a gatekeeper work with it. */
async function admitsPackage(
	{ client }: Post,
	objects: ReadonlyMap<string, Installation | string>,
	gatekeeper: Gatekeeper,
): Promise<Seen> {
	const obstacles = Object.fromEntries([...objects].filter(([, way]) => typeof way === "string"));
	const evidence = { without_gatekeeper: obstacles };
	if (Object.keys(obstacles).length === objects.size) {
		const told = Object.entries(obstacles).map(([file, why]) => `${file}: ${why}`);
		const impossible = `no object of the package installs by a signed loader here, gatekeeper or not (${told.join("; ")})`;
		return { case: "admits-package", kept: true, impossible, evidence };
	}
	await gatekeeper.decisions();
	const results: Record<string, string> = {};
	for (const [file, way] of objects) {
		if (typeof way === "string") continue;
		const { stage, errno } = await installOnce(client, way);
		results[file] = stage === "installed" ? stage : `${nameOf(errno)} at ${stage}`;
	}
	const decisions = await gatekeeper.decisions();
	const admitted = decisions.filter((decision) => decision.admitted);
	const verified = admitted.filter((decision) => decision.verified).length;
	const installed = Object.values(results).every((result) => result === "installed");
	return {
		case: "admits-package",
		// Installed without having been asked about, it would not have been let in but overlooked.
		kept: installed && verified >= Object.keys(results).length,
		evidence: {
			...evidence,
			results,
			verified_loads: verified,
			loads_by_loaders: admitted.filter((decision) => decision.by_program).length,
			denied: decisions.length - admitted.length,
		},
	};
}
