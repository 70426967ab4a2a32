// SPDX-License-Identifier: Apache-2.0
import { generateKeyPairSync, sign } from "node:crypto";
import { InputError } from "../../base/errors.js";
import { openPackage, type Package, type PackageFile } from "../../data/package/package.js";
import { readLightSkeleton } from "../../data/signing/bpftool/light-skeleton.js";
import { loaderOfSkeleton } from "../../data/signing/bpftool/loader.js";
import { readCertificate } from "../../data/signing/certificate.js";
import { wrongSignature } from "../../data/signing/cms-read.js";
import { cosignFolder, readCosign } from "../../data/signing/cosign.js";
import { type PackageSignatures, readSignatures } from "../../data/signing/layout.js";
import { examplePath } from "./seeds.js";
import type { FuzzTarget } from "./target.js";

const opened = new Map<string, Promise<Package>>();

function example(name: string): Promise<Package> {
	const known = opened.get(name) ?? openPackage(examplePath(name));
	opened.set(name, known);
	return known;
}

const bytesOf = async (name: string, file: string) => [await fileOf(name, file)];

async function fileOf(name: string, file: string): Promise<Uint8Array> {
	return (await example(name)).signatures.find((each) => each.file === `signatures/${file}`)!.bytes;
}

/** Reads an example's signatures with one file changed. @throws InputError also for a wrong one */
async function readChanged(name: string, file: string, bytes: Uint8Array): Promise<void> {
	const pkg = await example(name);
	const signatures = pkg.signatures.map((each) =>
		each.file === `signatures/${file}` ? { ...each, bytes } : each,
	);
	const read = readSignatures({ ...pkg, signatures });
	const wrong = read ? wrongPackageSignature(read) : "is not signed";
	if (wrong !== undefined) throw new InputError(file, "", wrong);
}

function wrongPackageSignature({ document, package: signed, certificate }: PackageSignatures) {
	return wrongSignature(document, signed.cms, certificate);
}

const signedPackage = "signed-filter";

const cms: FuzzTarget = {
	name: "cms",
	seedsOnly: true,
	seeds: () => bytesOf(signedPackage, "package.p7s"),
	read: (bytes) => readChanged(signedPackage, "package.p7s", bytes),
};

const signatures: FuzzTarget = {
	name: "signatures",
	seedsOnly: true,
	json: true,
	seeds: () => bytesOf(signedPackage, "signatures.json"),
	read: (bytes) => readChanged(signedPackage, "signatures.json", bytes),
};

const certificate: FuzzTarget = {
	name: "certificate",
	words: ["-----BEGIN CERTIFICATE-----\n", "-----END CERTIFICATE-----\n", "\n", "=="],
	seeds: () => bytesOf(signedPackage, "certificate.pem"),
	read: (bytes) => readCertificate("certificate.pem", bytes),
};

const skeletonPackage = "signed-bpftool";

const skeleton: FuzzTarget = {
	name: "light-skeleton",
	words: ["\\", '"', "\\x00", "\\\n", "#include ", "/*", "*/", ";\n", "{", "}", "\r"],
	seeds: () => bytesOf(skeletonPackage, "udp-quota.lskel.h"),
	async read(bytes) {
		const signer = readCertificate("certificate.pem", await fileOf(skeletonPackage, "certificate.pem"));
		const { objects } = await example(skeletonPackage);
		loaderOfSkeleton(readLightSkeleton("x.lskel.h", bytes), signer, objects[0]!.maps);
	},
};

const key = generateKeyPairSync("ec", { namedCurve: "P-256" });
const payload = Buffer.from(
	`{"critical":{"identity":{"docker-reference":"registry.example/count"},"image":{"docker-manifest-digest":"sha256:${"0".repeat(64)}"},"type":"cosign container image signature"},"optional":null}`,
);
const file = (name: string, bytes: Uint8Array): PackageFile => ({
	file: cosignFolder + name,
	display: name,
	bytes,
});
const beside = [
	file("x.sig", Buffer.from(sign("sha256", payload, key.privateKey).toString("base64"))),
	file("x.pub", Buffer.from(key.publicKey.export({ type: "spki", format: "pem" }))),
];

const cosign: FuzzTarget = {
	name: "cosign",
	seedsOnly: true,
	json: true,
	seeds: () => [payload],
	async read(bytes) {
		const pkg = await example(signedPackage);
		const [verdict] = readCosign({ ...pkg, signatures: [file("x.json", bytes), ...beside] });
		if (verdict?.reason !== undefined) throw new InputError("x.json", "", verdict.reason);
	},
};

export const signingTargets = [cms, signatures, certificate, skeleton, cosign];
