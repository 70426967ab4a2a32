// SPDX-License-Identifier: Apache-2.0
import type { Package, PackageObject } from "../package/package.js";
import { type Certificate, unfit } from "./certificate.js";
import { wrongSignature } from "./cms-read.js";
import { type Contract, contracts } from "./contract.js";
import { type CosignVerdict, readCosign } from "./cosign.js";
import { type Coverage, coverageOf } from "./coverage.js";
import { type PackageSignatures, readSignatures, signedBytes } from "./layout.js";
import { lintCertificate } from "./lint/certificate.js";
import { clause } from "./lint/finding.js";
import { type LintFinding, lintLoader } from "./lint/lint.js";
import { exclProgHash, generateLoaders, type Loader } from "./loader/generate.js";
import { type Generator, generator, isOwnGenerator } from "./loader/generator.js";
import { Unsignable } from "./loader/unsignable.js";
import type { SignedLoader } from "./signed-loader.js";

/** What was found out about one contract of one object. */
export interface ContractVerdict {
	contract: Contract;
	/** `valid`: signed, the loader is the object's; `absent`: not signed for this contract. */
	state: "valid" | "invalid" | "absent";
	/** What is wrong, where it is invalid. */
	reason?: string;
	/** Why it was not compared with the object, if so; the package level still binds it. */
	uncompared?: string;
	/** What the lint finds in it, where it is valid. */
	weaknesses?: LintFinding[];
}

/** What the signatures of a package are worth, without asking a kernel. */
export interface Verification {
	package: { name: string; version: string; sha256: string };
	signed: boolean;
	/** Of the signer; absent without a signature. */
	signer?: Omit<Certificate, "node" | "pem" | "der">;
	/** Whether a given certificate is the signer's; absent when none was given. */
	trusted?: boolean;
	/** All files of the package, compared with what was signed; absent without a signature. */
	files?: Coverage;
	objects: { object: string; contracts: ContractVerdict[] }[];
	/** Of OCI artifacts, in `signatures/cosign/`; they say nothing of whom to trust. */
	cosign: CosignVerdict[];
	/** `undecided`: intact, but no certificate was trusted; `valid` only of a trusted signer. */
	verdict: "valid" | "invalid" | "undecided";
	/** Sentences; empty when all that is signed is valid and, where it was asked for, trusted. */
	problems: string[];
}

export interface VerifyOptions {
	/** Certificates that may sign; without them nothing is more than `undecided`. */
	trusted?: readonly Certificate[];
	/** Milliseconds since 1970. */
	now?: number;
}

/**
 * Verifies the package level, that it covers every file of the package, and that each signed loader
 * is the one that its object gives.
 * @throws InputError when signatures or files cannot be read
 */
export async function verifyPackage(pkg: Package, options: VerifyOptions = {}): Promise<Verification> {
	const found = await examine(pkg, options);
	if (found.problems.length > 0) return { ...found, verdict: "invalid" };
	return { ...found, verdict: found.trusted === true ? "valid" : "undecided" };
}

async function examine(
	pkg: Package,
	{ trusted, now = Date.now() }: VerifyOptions,
): Promise<Omit<Verification, "verdict">> {
	const { name, version, sha256 } = pkg;
	const result: Omit<Verification, "verdict"> = {
		package: { name, version, sha256 },
		signed: false,
		objects: [],
		cosign: readCosign(pkg),
		problems: [],
	};
	for (const { file, reason } of result.cosign)
		if (reason !== undefined) result.problems.push(`${file}: ${reason}`);
	const signatures = readSignatures(pkg);
	if (!signatures) {
		result.problems.push(`${name} ${version} is not signed`);
		return result;
	}
	const { certificate } = signatures;
	const { node: _, pem: __, der: ___, ...signer } = certificate;
	result.signed = true;
	result.signer = signer;
	const cosigned = new Set(result.cosign.flatMap(({ files }) => files));
	const { files, problems } = await coverageOf(pkg, signatures, cosigned);
	result.files = files;
	result.problems.push(...problems);
	const wrong = wrongSignature(signatures.document, signatures.package.cms, certificate);
	if (wrong !== undefined) result.problems.push(`${signatures.package.display}: ${wrong}`);
	const reason = unfit(certificate, now);
	if (reason !== undefined) result.problems.push(`${certificate.subject} should not sign: ${reason}`);
	else
		for (const weakness of lintCertificate(certificate, now))
			if (weakness.severity === "error") result.problems.push(clause(weakness));
	if (trusted) {
		result.trusted = trusted.some((other) => other.sha256 === certificate.sha256);
		if (!result.trusted)
			result.problems.push(
				`signed by ${certificate.subject} (key ${certificate.keyId}), which is not one of the trusted certificates`,
			);
	}
	for (const { object } of signatures.objects)
		if (!pkg.objects.some(({ file }) => file === object))
			result.problems.push(`${JSON.stringify(object)} is signed, but is not an object of this package`);
	for (const object of pkg.objects) {
		const { file } = object;
		const signed = signatures.objects.find((candidate) => candidate.object === file);
		const changed = files.changed.includes(file);
		const verdicts: ContractVerdict[] = changed
			? contracts.map((contract) => ({ contract, ...changedObject }))
			: await verifyObject(object, signed?.loaders ?? [], signatures);
		result.objects.push({ object: file, contracts: verdicts });
		for (const { contract, reason, weaknesses = [] } of changed ? [] : verdicts) {
			if (reason !== undefined) result.problems.push(`${file}: ${contract}: ${reason}`);
			for (const weakness of weaknesses)
				if (weakness.severity === "error") result.problems.push(`${file}: ${contract}: ${clause(weakness)}`);
		}
	}
	return result;
}

/** Said once, of the file. */
const changedObject = { state: "invalid" as const, reason: "the object was changed after it was signed" };

async function verifyObject(
	object: PackageObject,
	loaders: readonly SignedLoader[],
	{ certificate, generator: by = generator }: PackageSignatures,
): Promise<ContractVerdict[]> {
	const uncompared = otherGenerator(by);
	const made = await madeOf(
		object,
		loaders.filter(({ header }) => header === undefined && uncompared === undefined),
	);
	return contracts.map((contract): ContractVerdict => {
		const loader = loaders.find((candidate) => candidate.contract === contract);
		if (!loader) return { contract, state: "absent" };
		const foreign = loader.header !== undefined;
		const reason =
			wrongSignature(signedBytes(loader), loader.cms, certificate) ??
			(foreign || uncompared !== undefined
				? undefined
				: typeof made === "string"
					? made
					: wrongLoader(loader, made));
		if (reason !== undefined) return { contract, state: "invalid", reason };
		// Of a loader that cannot be made again, the lint says whether it installs what the object
		// has.
		const weaknesses = lintLoader(loader, { object });
		return {
			contract,
			state: "valid",
			...(foreign || uncompared === undefined ? {} : { uncompared }),
			weaknesses,
		};
	});
}

/** Why loaders of a generator cannot be made again to compare; undefined when they can. */
function otherGenerator(by: Generator): string | undefined {
	if (isOwnGenerator(by)) return undefined;
	const { name, version } = by;
	const age = name !== generator.name ? "another" : version < generator.version ? "an older" : "a newer";
	return (
		`made by ${age} generator (${name} ${version}, this is ${generator.name} ${generator.version}), ` +
		"whose loaders cannot be made again to compare; the lint alone looked at what it installs"
	);
}

/** The loaders that the object gives, or why it gives none. */
async function madeOf(object: PackageObject, loaders: readonly SignedLoader[]): Promise<Loader[] | string> {
	if (loaders.length === 0) return [];
	try {
		return await generateLoaders(
			object,
			loaders.map(({ contract }) => contract),
		);
	} catch (error) {
		if (error instanceof Unsignable) return `a loader is signed of what gives none: ${error.reason}`;
		throw error;
	}
}

/** A valid signature over a loader of something else would install something else. */
function wrongLoader(loader: SignedLoader, made: readonly Loader[]): string | undefined {
	const own = made.find(({ contract }) => contract === loader.contract);
	if (!own) return "is not a contract of this object";
	const same = (a: Uint8Array, b: Uint8Array) => Buffer.compare(a, b) === 0;
	if (!same(loader.insns, own.insns))
		return "the signed loader is not the one that this object gives: its instructions differ";
	if (!same(loader.data, own.data))
		return "the signed loader is not the one that this object gives: what it installs differs";
	if (loader.exclProgHash !== exclProgHash(loader.insns)) return "excl_prog_hash is not that of the loader";
	if (loader.maps.join() !== own.maps.join() || loader.programs.join() !== own.programs.join())
		return "the names of its maps or programs are not those of the object";
	return undefined;
}
