// SPDX-License-Identifier: Apache-2.0
import { guestPath } from "../../../lab/subject/load/open-args.js";
import { GuestError } from "../../../machine/guest/client.js";
import { type Signer, signature } from "../ephemeral-signers.js";
import { Keyrings } from "../keyrings.js";
import {
	type Admission,
	type GatekeeperAnswer,
	type GatekeeperSite,
	GatekeeperUnsupported,
	nameOf,
} from "./admission.js";
import { artifact, imageBytes, isHardened } from "./artifacts.js";
import { formattedDigest, verityDigest } from "./fs-verity.js";
import { Gatekeeper } from "./gatekeeper.js";
import { Intruder } from "./intruder.js";

/** File system with fs-verity. */
export const verityFolder = "/run/bpfgate-verity";
const maxSignature = 1024;

/** `loader`: executables whose fs-verity digest is signed may load; here the intruder's copy. */
export class LoaderAdmission implements Admission {
	private constructor(
		private readonly site: GatekeeperSite,
		readonly intruder: Intruder,
		readonly keys: Keyrings,
		/** Keyring against which the gatekeeper verifies. */
		readonly trusted: number,
		/** The executable that is approved. */
		readonly executable: Uint8Array,
		private readonly before: readonly number[],
	) {}

	/** @throws GatekeeperUnsupported when no file with fs-verity can be made */
	static async prepare(site: GatekeeperSite): Promise<LoaderAdmission> {
		const { guest, pkg } = site;
		const { client } = guest;
		const intruder = await Intruder.bring(guest);
		await mountVerity(site, intruder);
		const executable = await artifact(guest.kernel.arch, "intruder");
		const approved = `${verityFolder}/approved`;
		await done(intruder.fails("copy", intruder.path, approved));
		await done(intruder.fails("verity", approved));
		const keys = new Keyrings(client);
		const trusted = await keys.trusted;
		if (isHardened(site.name)) await client.call("key_restrict", { keyring: trusted });
		for (const object of pkg.objects)
			await client.call("file_write", { path: guestPath(object), data: object.loadable });
		const before = await intruder.at(approved).does("objects", ...pkg.objects.map(guestPath));
		return new LoaderAdmission(site, intruder, keys, trusted, executable, before);
	}

	install(): Promise<Gatekeeper> {
		return Gatekeeper.install(this.site, { trustedKeyring: this.trusted });
	}

	/** Gives the gatekeeper a signature over the fs-verity digest of an executable. */
	async approve(gatekeeper: Gatekeeper, executable: Uint8Array, signer: Signer): Promise<void> {
		const { littleEndian } = this.site.guest.client;
		const digest = verityDigest(executable);
		const cms = await signature(formattedDigest(digest, littleEndian), signer);
		await gatekeeper.write("signatures", digest, signatureValue(cms, littleEndian));
	}

	async admits(gatekeeper: Gatekeeper): Promise<GatekeeperAnswer> {
		const { pkg } = this.site;
		const { before } = this;
		await this.approve(gatekeeper, this.executable, "trusted");
		const approved = this.intruder.at(`${verityFolder}/approved`);
		const after = await approved.does("objects", ...pkg.objects.map(guestPath));
		const named = (errnos: readonly number[]) =>
			Object.fromEntries(pkg.objects.map(({ file }, index) => [file, nameOf(errnos[index] ?? 0)]));
		const evidence = { without_gatekeeper: named(before), with_gatekeeper: named(after) };
		if (before.every((errno) => errno !== 0)) {
			const impossible =
				"no object of the package loads with libbpf and without the manifest's settings, even without the gatekeeper";
			return { case: "admits-package", holds: true, impossible, evidence };
		}
		const holds = before.every((errno, index) => errno !== 0 || after[index] === 0);
		return { case: "admits-package", holds, evidence };
	}

	close(): Promise<void> {
		return this.keys.close();
	}
}

/** Mounts an ext4 file system from a file, on a loop device. @throws GatekeeperUnsupported */
async function mountVerity({ guest }: GatekeeperSite, intruder: Intruder): Promise<void> {
	const { client, kernel } = guest;
	const image = "/run/bpfgate-verity.ext4";
	const { state } = await client.call("module_load", { name: "loop" });
	if (state !== "live" && state !== "builtin") throw new GatekeeperUnsupported("the module loop is missing");
	await client.call("file_write", { path: image, data: await artifact(kernel.arch, "verity.ext4") });
	await done(intruder.fails("loop", image, String(imageBytes), "/dev/loop0"));
	try {
		await client.call("mount", { source: "/dev/loop0", target: verityFolder, fstype: "ext4" });
	} catch (cause) {
		if (cause instanceof GuestError)
			throw new GatekeeperUnsupported(`ext4 cannot be mounted (${cause.errnoName})`, { cause });
		throw cause;
	}
}

/** @throws GatekeeperUnsupported when it was refused */
export async function done(failure: Promise<string | undefined>): Promise<void> {
	const error = await failure;
	if (error !== undefined) throw new GatekeeperUnsupported(`no file with fs-verity can be made (${error})`);
}

/** `struct signature` of bpf/gatekeeper-loader.bpf.c. */
function signatureValue(cms: Uint8Array, littleEndian: boolean): Uint8Array {
	if (cms.length > maxSignature) throw new Error(`a signature of ${cms.length} bytes`);
	const value = new Uint8Array(4 + maxSignature);
	new DataView(value.buffer).setUint32(0, cms.length, littleEndian);
	value.set(cms, 4);
	return value;
}
