// SPDX-License-Identifier: Apache-2.0
import { wrongSignature } from "../../../data/signing/cms-read.js";
import { packageDocument } from "../../../data/signing/document.js";
import { loadObject } from "../../../lab/subject/load/load-object.js";
import { guestPath, openArgs, wantedPrograms } from "../../../lab/subject/load/open-args.js";
import { identity, signature } from "../throwaway.js";
import { pinFolder } from "./gatekeeper.js";
import type { Post, Seen } from "./post.js";
import { offsets } from "./settings.js";

/** The agent is init. */
const agentPid = 1;

/**
 * What the gatekeeper does that lets one process alone load: the agent, which is given what the
 * host has verified.
 */
export async function* denyScenes(post: Post): AsyncGenerator<Seen> {
	const { intruder } = post;
	const before = await loadedByAgent(post);
	if (post.peaceful) {
		const gatekeeper = await post.install({ trustedTgid: agentPid });
		yield admitsPackage(post, before);
		yield tamperedPackage(post);
		await gatekeeper.abandon();
		return;
	}
	const attached = await post.attach("answer_before");
	const gatekeeper = await post.install({ trustedTgid: agentPid });
	yield post.answeredBy("attached-before", "answer_before", attached);

	yield post.loadedBefore();
	yield admitsPackage(post, before);
	yield tamperedPackage(post);
	yield post.denies("unsigned-load", "load");
	yield post.denies("unsigned-map", "map");
	yield post.denies("forked-load", "fork");
	yield post.loadByProgram();
	yield attachedAfter(post);
	yield post.linkDetach(gatekeeper);
	if (post.hardened) yield post.unpin(pinFolder);
	yield post.denies("trusted-memory", "memory", String(agentPid));

	const id = [...gatekeeper.maps].find(([name]) => name.endsWith(".settings"))?.[1] ?? 0;
	const taken = await intruder.fails("take-over", String(id), String(offsets.trustedTgid));
	yield { case: "rewrite-settings", kept: taken !== undefined, evidence: { map: id, errno: taken ?? "0" } };
	yield post.holderEnds(gatekeeper);
}

/** On kernels that take it the LSM program is the attacker's easier way. */
export async function attachedAfter(post: Post): Promise<Seen> {
	const attack = post.unloadable.has("answer_first") ? "answer_before" : "answer_first";
	return post.answeredBy("attached-after", attack, await post.attach(attack));
}

/** How many programs of each object the agent loads. */
async function loadedByAgent({ client, guest, pkg }: Post): Promise<Record<string, number>> {
	const counts: Record<string, number> = {};
	const targets = new Map<string, number>();
	const handles: number[] = [];
	for (const object of pkg.objects) {
		await client.call("file_write", { path: guestPath(object), data: object.bytes });
		const names = wantedPrograms(object).map(({ name }) => name);
		const { handle, loaded } = await loadObject(
			client,
			openArgs(object, guest.greeting.cpus, targets),
			names,
		);
		if (handle !== undefined) {
			targets.set(object.file, handle);
			handles.push(handle);
		}
		counts[object.file] = loaded.size;
	}
	for (const object of handles.reverse()) await client.call("object_close", { object });
	return counts;
}

async function admitsPackage(post: Post, before: Record<string, number>): Promise<Seen> {
	const evidence = { programs_without_gatekeeper: before };
	if (Object.values(before).every((count) => count === 0)) {
		const impossible = "none of the package's programs loads here, gatekeeper or not";
		return { case: "admits-package", kept: true, impossible, evidence };
	}
	const programs = await loadedByAgent(post);
	const kept = Object.entries(before).every(([file, count]) => programs[file] === count);
	return { case: "admits-package", kept, evidence: { ...evidence, programs } };
}

/**
 * The other half of this gatekeeper is on the host: what the agent is given is signed as a package.
 */
async function tamperedPackage({ pkg }: Post): Promise<Seen> {
	const { certificate } = await identity("trusted");
	const cms = await signature(packageDocument(pkg));
	const sha256 = pkg.sha256.replace(/^./, (digit) => (digit === "0" ? "1" : "0"));
	const right = wrongSignature(packageDocument(pkg), cms, certificate);
	const changed = wrongSignature(packageDocument({ ...pkg, sha256 }), cms, certificate);
	return {
		case: "tampered-package",
		kept: right === undefined && changed !== undefined,
		evidence: { as_signed: right ?? "accepted", changed: changed ?? "accepted" },
	};
}
