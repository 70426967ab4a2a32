// SPDX-License-Identifier: Apache-2.0

import { guestPath } from "../../../lab/subject/load/open-args.js";
import { GuestError } from "../../../machine/guest/client.js";
import { addKey } from "../install.js";
import { Keyrings } from "../keyrings.js";
import { identity, type Signer, signature } from "../throwaway.js";
import { artifact, imageBytes } from "./artifacts.js";
import { attachedAfter } from "./deny.js";
import { formattedDigest, verityDigest } from "./fs-verity.js";
import { type Gatekeeper, pinFolder } from "./gatekeeper.js";
import { Absent, nameOf, type Post, type Seen } from "./post.js";
import { encodeSettings } from "./settings.js";

const folder = "/run/bpfgate-verity";
/** Behind the end of an executable, where nothing reads it. */
const change = "changed";
const maxSignature = 1024;

/** What the gatekeeper does that approves of executables by their fs-verity digest. */
export async function* loaderScenes(post: Post): AsyncGenerator<Seen> {
	const { client, guest, intruder, littleEndian } = post;
	await mountVerity(post);
	const bytes = await artifact(guest.kernel.arch, "intruder");
	await done(intruder.fails("copy", intruder.path, `${folder}/approved`));
	await done(intruder.fails("verity", `${folder}/approved`));
	const keys = new Keyrings(client);
	const trusted = await keys.trusted;
	if (post.hardened) await client.call("key_restrict", { keyring: trusted });

	const approved = intruder.at(`${folder}/approved`);
	const objects = post.pkg.objects.map(guestPath);
	for (const object of post.pkg.objects) {
		await client.call("file_write", { path: guestPath(object), data: object.bytes });
	}
	const before = await approved.does("objects", ...objects);
	let gatekeeper: Gatekeeper;
	const approve = async (file: Uint8Array, signer: Signer) => {
		const digest = verityDigest(file);
		const cms = await signature(formattedDigest(digest, littleEndian), signer);
		await gatekeeper.write("signatures", digest, signatureValue(cms, littleEndian));
	};
	if (post.peaceful) {
		gatekeeper = await post.install({ trustedKeyring: trusted });
		await approve(bytes, "trusted");
		yield admitsPackage(post, before, await approved.does("objects", ...objects));
		return;
	}
	const attackers = await keys.keyring("untrusted");
	const changed = Buffer.concat([bytes, Buffer.from(change)]);
	await done(intruder.fails("copy", intruder.path, `${folder}/plain`));
	await done(intruder.fails("copy", intruder.path, `${folder}/changed`, change));
	await done(intruder.fails("verity", `${folder}/changed`));
	const attached = await post.attach("answer_before");
	gatekeeper = await post.install({ trustedKeyring: trusted });
	yield post.answeredBy("attached-before", "answer_before", attached);

	const denies = async (name: string, loader: string, ...words: string[]): Promise<Seen> => {
		const error = await intruder.at(`${folder}/${loader}`).fails(...(words.length > 0 ? words : ["load"]));
		return { case: name, kept: error !== undefined, evidence: { executable: loader, errno: error ?? "0" } };
	};
	yield post.loadedBefore();
	await approve(bytes, "trusted");
	yield admitsPackage(post, before, await approved.does("objects", ...objects));
	yield post.denies("unsigned-load", "load");
	yield post.denies("unsigned-map", "map");
	yield denies("without-verity", "plain");
	yield denies("changed-loader", "changed");
	await approve(changed, "untrusted");
	yield denies("foreign-signature", "changed");
	yield post.denies("write-loader", "open", `${folder}/approved`);
	yield post.denies("traced-loader", "trace", `${folder}/approved`, "load");
	yield denies("other-object", "approved");
	yield post.loadByProgram();
	yield attachedAfter(post);
	yield post.linkDetach(gatekeeper);
	if (post.hardened) yield post.unpin(pinFolder);

	const { certificate } = await identity("untrusted");
	const added = await addKey(client, { type: "asymmetric", payload: certificate.der, keyring: trusted });
	const byAdded = await intruder.at(`${folder}/changed`).fails("load");
	yield {
		case: "key-added",
		kept: byAdded !== undefined,
		evidence: { key_add: nameOf("errno" in added ? added.errno : 0), load: byAdded ?? "0" },
	};
	if ("serial" in added) await client.call("key_unlink", { key: added.serial, keyring: trusted });
	yield rewriteSettings(post, gatekeeper, attackers);
	yield post.holderEnds(gatekeeper);
}

/** An ext4 file system in a file, on a loop device. @throws Absent */
async function mountVerity({ client, guest, intruder }: Post): Promise<void> {
	const image = "/run/bpfgate-verity.ext4";
	const { state } = await client.call("module_load", { name: "loop" });
	if (state !== "live" && state !== "builtin") throw new Absent("there is no module loop");
	await client.call("file_write", { path: image, data: await artifact(guest.kernel.arch, "verity.ext4") });
	await done(intruder.fails("loop", image, String(imageBytes), "/dev/loop0"));
	try {
		await client.call("mount", { source: "/dev/loop0", target: folder, fstype: "ext4" });
	} catch (cause) {
		if (cause instanceof GuestError)
			throw new Absent(`ext4 cannot be mounted (${cause.errnoName})`, { cause });
		throw cause;
	}
}

async function done(failure: Promise<string | undefined>): Promise<void> {
	const error = await failure;
	if (error !== undefined) throw new Absent(`no file with fs-verity can be made (${error})`);
}

/** `struct signature` of bpf/gatekeeper-loader.bpf.c. */
function signatureValue(cms: Uint8Array, littleEndian: boolean): Uint8Array {
	if (cms.length > maxSignature) throw new Error(`a signature of ${cms.length} bytes`);
	const value = new Uint8Array(4 + maxSignature);
	new DataView(value.buffer).setUint32(0, cms.length, littleEndian);
	value.set(cms, 4);
	return value;
}

function admitsPackage(post: Post, before: readonly number[], after: readonly number[]): Seen {
	const named = (errnos: readonly number[]) =>
		Object.fromEntries(post.pkg.objects.map(({ file }, index) => [file, nameOf(errnos[index] ?? 0)]));
	const evidence = { without_gatekeeper: named(before), with_gatekeeper: named(after) };
	if (before.every((errno) => errno !== 0)) {
		const impossible =
			"none of the package's objects loads by libbpf alone here, without the manifest's settings, gatekeeper or not";
		return { case: "admits-package", kept: true, impossible, evidence };
	}
	const kept = before.every((errno, index) => errno !== 0 || after[index] === 0);
	return { case: "admits-package", kept, evidence };
}

/**
 * Has the attacker's keyring trusted; the changed loader's signature by their key is there already.
 */
async function rewriteSettings(post: Post, gatekeeper: Gatekeeper, attackers: number): Promise<Seen> {
	const id = [...gatekeeper.maps].find(([name]) => name.endsWith(".settings"))?.[1] ?? 0;
	const value = Buffer.from(encodeSettings({ trustedKeyring: attackers }, post.littleEndian)).toString("hex");
	const update = await post.intruder.fails("map-update", String(id), "00000000", value);
	const load = await post.intruder.at(`${folder}/changed`).fails("load");
	const evidence = { map: id, update: update ?? "0", load: load ?? "0" };
	return { case: "rewrite-settings", kept: update !== undefined && load !== undefined, evidence };
}
