// SPDX-License-Identifier: Apache-2.0
import { InputError } from "../../base/errors.js";
import { asSigned } from "../../data/package/autoload.js";
import type { Package, PackageObject } from "../../data/package/package.js";
import { reason, reasonSaying } from "../../data/reasons/registry/registry.js";
import type { PackageSignatures } from "../../data/signing/layout.js";
import { suiteOf } from "../../data/vectors/suite.js";
import type { Check, Finding, FindingBody, Workbench } from "../../lab/check.js";
import { failed, passed, skipped } from "../../lab/findings.js";
import { broken, type KernelPromise } from "../../lab/promise.js";
import { leftBehind, runCases } from "../../lab/run-cases.js";
import { CleanGuests, needsCleanGuests } from "./clean-guests.js";
import { ephemeral, prepareSigners } from "./ephemeral-signers.js";
import { hasRun } from "./expectation.js";
import { admissionCases, admissionFindings } from "./gatekeeper/admission-cases.js";
import { installCases, installFindings, unsignedFinding } from "./install-cases.js";
import { loadersOf } from "./install-plan.js";
import { type KernelContract, kernelContract } from "./kernel-contract.js";
import { loaderAttacks } from "./loader-attacks.js";
import { LoaderSession } from "./loader-session.js";
import { lintCases, lintFindings, packageFinding } from "./package-signatures.js";
import { judged, type Setting, settingEvidence, unsupported } from "./signature-finding.js";

/** The case that cites what the kernel was seen to promise about signatures. */
const kernelPromises = "kernel-promises";

/** Fails where the kernel breaks a signature promise, on which every signed package relies. */
function kernelPromisesFinding(bench: Workbench): AsyncIterable<Finding> {
	return runCases(bench, {
		cases: [kernelPromises],
		after: "the kernel was asked for its promises",
		async *run() {
			const promises = await bench.promises("signatures");
			yield { case: kernelPromises, ...cited(bench.kernel.id, promises) };
		},
	});
}

function cited(kernel: string, promises: readonly KernelPromise[]): FindingBody {
	const [first, ...more] = broken(promises);
	const weak = promises.filter(({ weakness }) => weakness !== undefined).map(({ name }) => name);
	const kept = promises.filter((promise) => promise.kept);
	const evidence = { promises: kept.length, weak };
	if (first) {
		const { name, promise, expected, seen } = first;
		const facts = { kernel, area: "signatures", name, promise, expected, seen, more: more.length };
		const names = [first, ...more].map((each) => each.name);
		return failed(reason("kernel-promise-broken", facts), { ...evidence, broken: names });
	}
	const lack = promises.find((promise) => promise.lack !== undefined)?.lack;
	return kept.length === 0 && lack !== undefined
		? skipped(reasonSaying("feature-unsupported", lack), evidence)
		: passed(evidence);
}

/**
 * Is a signed package installed, and a forged one refused? Cases `package` and `lint/<code>` (the
 * package's signatures, without a kernel), `kernel-promises` (whether the kernel keeps its own),
 * `<object>/<case>`, and `gatekeeper/<which>/<case>` (whether a gatekeeper admits the package).
 */
export const signatureCheck: Check = {
	name: "signature",
	summary: "is the signed package installed, and a forged one refused?",
	suits: (pkg) => pkg.signatures.length > 0,
	cites: ["signatures", "gatekeepers"],
	aboutKernel: [kernelPromises],

	create: () => ({
		cases(given) {
			const pkg = asSigned(given);
			return [
				...(pkg.signatures.length > 0 ? ["package"] : []),
				...lintCases(pkg),
				kernelPromises,
				...pkg.objects.flatMap((object) => objectCases(pkg, object)),
				...(pkg.signatures.length > 0 ? admissionCases() : []),
			];
		},

		async *run(given, bench) {
			void prepareSigners();
			const pkg = asSigned(given);
			let signatures: PackageSignatures | undefined;
			if (pkg.signatures.length > 0) {
				const { finding, read } = await packageFinding(pkg);
				yield { case: "package", ...finding };
				signatures = read;
				if (read) yield* lintFindings(pkg, read);
				else for (const name of lintCases(pkg)) yield { case: name, ...finding };
			}
			yield* kernelPromisesFinding(bench);
			for (const object of pkg.objects) {
				yield* runCases(bench, {
					cases: objectCases(pkg, object),
					...leftovers(object),
					alone: needsCleanGuests(object, signatures),
					async *run() {
						const kernel = await kernelContract(await bench.guest());
						yield* checkObject(pkg, object, signatures, kernel, bench);
					},
				});
			}
			if (pkg.signatures.length > 0) yield* admissionFindings(pkg, bench, signatures);
		},
	}),
};

const leftovers = ({ file }: PackageObject) => ({
	leftovers: `${file}/leftovers`,
	after: "everything that the loader installed was closed",
});

const attacksOn = (object: PackageObject) => loaderAttacks.filter(({ applies }) => applies?.(object) ?? true);

function objectCases(pkg: Package, object: PackageObject): string[] {
	const hasVectors = suiteOf(pkg).vectors.some(({ subject }) => subject.object.file === object.file);
	return [
		"unsigned",
		...installCases.filter((name) => name !== "vectors" || hasVectors),
		...attacksOn(object).map(({ name }) => name),
	].map((name) => `${object.file}/${name}`);
}

/** `<object>/<case>` of one object. @param signatures that the package ships */
export async function* checkObject(
	pkg: Package,
	object: PackageObject,
	signatures: PackageSignatures | undefined,
	kernel: KernelContract,
	bench: Workbench,
): AsyncIterable<Finding> {
	const [first = "", ...rest] = objectCases(pkg, object);
	const all = function* (names: readonly string[], body: FindingBody): Iterable<Finding> {
		for (const name of names) yield { case: name, ...body };
	};
	const setting: Setting = { kernel, object: object.file };
	const loaders = await loadersOf(object).catch((error: unknown) => {
		if (error instanceof InputError) return error;
		throw error;
	});
	if (loaders instanceof InputError) {
		const { message } = loaders;
		yield* all([first, ...rest], skipped(reason("unsignable", { message }), settingEvidence(setting)));
		return;
	}

	const unsigned = await unsignedFinding(object, loaders, setting, bench);
	yield { case: first, ...unsigned };
	if (unsigned.outcome === "skip" && unsigned.reason) {
		yield* all(rest, skipped(unsigned.reason, settingEvidence(setting)));
		return;
	}

	const guests = new CleanGuests(bench, object, kernel.contract, signatures, loaders);
	yield* installFindings({ pkg, object, guests, setting, bench });
	const attacks = attacksOn(object);
	const { contract } = kernel;
	if (contract === "none") {
		const names = attacks.map(({ name }) => `${object.file}/${name}`);
		yield* all(names, unsupported(setting));
		return;
	}
	// The loader that the package ships is attacked in place of the one that is generated here.
	const shipped = (await guests.plans()).shipped(object, contract);
	await guests.close();
	const attacked = shipped ? { ...loaders, [contract]: shipped } : loaders;
	for (const { name, expected, run, code } of attacks) {
		await guests.renew();
		const session = new LoaderSession(await bench.guest(), contract, attacked);
		const observed = await run(session);
		await session.close();
		guests.ran(guests.ownLoaders && hasRun(observed.step));
		const body = judged({ ...setting, signedBy: ephemeral }, expected[contract], observed, code);
		yield { case: `${object.file}/${name}`, ...body };
	}
	const left = [...guests.left, ...(guests.left.length > 0 ? await bench.leftovers() : [])];
	if (left.length > 0) {
		const { leftovers: name, after } = leftovers(object);
		yield leftBehind(name, after, left, {});
	}
}
