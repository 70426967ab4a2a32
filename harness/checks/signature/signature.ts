// SPDX-License-Identifier: Apache-2.0
import { InputError } from "../../base/errors.js";
import type { Package, PackageObject } from "../../data/package/package.js";
import type { PackageSignatures } from "../../data/signing/layout.js";
import { suiteOf } from "../../data/vectors/suite.js";
import type { Check, Finding, Workbench } from "../../lab/check.js";
import { runCases } from "../../lab/run-cases.js";
import { attacks } from "./attacks.js";
import { judged, type Setting, settingEvidence, unsupported } from "./finding.js";
import { gatekeeperCases, gatekeeperFindings } from "./gatekeeper/findings.js";
import { goodCases, goodFindings } from "./good.js";
import { kernelCases } from "./kernel-cases.js";
import { type KernelContract, kernelContract } from "./kernel-contract.js";
import { Keyrings } from "./keyrings.js";
import { lintCases, lintFindings } from "./lint.js";
import { loadersOf } from "./object-loaders.js";
import { packageFinding } from "./package-level.js";
import { Scene } from "./scene.js";
import { prepare } from "./throwaway.js";
import { unsignedFinding } from "./unsigned.js";
import { Ways } from "./way.js";

/**
 * Is a signed package installed where it should be, and refused where it should not? Cases
 * `package` (its signatures as such, when it comes with any), `lint/<code>`, `kernel/<case>` (what
 * the kernel promises of any program), `<object>/<case>`, `gatekeeper/<which>/<case>` (programs
 * that require signatures, or what stands for them on older kernels).
 */
export const signatureCheck: Check = {
	name: "signature",
	summary: "is the signed package installed, and a forged one refused?",

	// A hundred attacks on a kernel for a package that nobody signed take longer than all else that
	// is asked of it.
	suits: (pkg) => pkg.signatures.length > 0,

	create: () => ({
		cases(pkg) {
			return [
				...(pkg.signatures.length > 0 ? ["package"] : []),
				...lintCases(pkg),
				...kernelCases.map(({ name }) => `kernel/${name}`),
				...pkg.objects.flatMap((object) => objectCases(pkg, object)),
				...gatekeeperCases(),
			];
		},

		async *run(pkg, bench) {
			void prepare();
			let signatures: PackageSignatures | undefined;
			if (pkg.signatures.length > 0) {
				const { finding, read } = await packageFinding(pkg);
				yield finding;
				signatures = read;
				if (read) yield* lintFindings(pkg, read);
				else for (const name of lintCases(pkg)) yield { ...finding, case: name };
			}
			const kernel = await kernelContract(await bench.guest());
			yield* runCases(bench, {
				cases: kernelCases.map(({ name }) => `kernel/${name}`),
				leftovers: "kernel/leftovers",
				after: "all programs and keyrings were closed",
				run: () => checkKernel(kernel, bench),
			});
			for (const object of pkg.objects) {
				yield* runCases(bench, {
					cases: objectCases(pkg, object),
					leftovers: `${object.file}/leftovers`,
					after: "everything that the loader installed was closed",
					run: () => checkObject(pkg, object, signatures, kernel, bench),
				});
			}
			yield* gatekeeperFindings(pkg, bench, signatures);
		},
	}),
};

function objectCases(pkg: Package, object: PackageObject): string[] {
	const hasVectors = suiteOf(pkg).vectors.some(({ subject }) => subject.object.file === object.file);
	return [
		"unsigned",
		...goodCases.filter((name) => name !== "vectors" || hasVectors),
		...attacks.filter(({ applies }) => applies?.(object) ?? true).map(({ name }) => name),
	].map((name) => `${object.file}/${name}`);
}

/** `kernel/<case>`: what the kernel promises of any program. */
export async function* checkKernel(kernel: KernelContract, bench: Workbench): AsyncIterable<Finding> {
	const { contract } = kernel;
	if (contract === "none") {
		for (const { name } of kernelCases) yield unsupported(`kernel/${name}`, { kernel });
		return;
	}
	const guest = await bench.guest();
	const world = new Keyrings(guest.client);
	for (const { name, promises, run } of kernelCases) {
		const setting = { kernel, signedBy: "throwaway" };
		yield judged(`kernel/${name}`, setting, promises[contract], await run(world, guest, contract));
	}
	await world.close();
}

/** `<object>/<case>` of one object. @param signatures that the package came with */
export async function* checkObject(
	pkg: Package,
	object: PackageObject,
	signatures: PackageSignatures | undefined,
	kernel: KernelContract,
	bench: Workbench,
): AsyncIterable<Finding> {
	const names = objectCases(pkg, object).map((name) => name.slice(object.file.length + 1));
	const of = (name: string) => `${object.file}/${name}`;
	const skipAll = function* (reason: NonNullable<Finding["reason"]>, left: readonly string[]) {
		const evidence = settingEvidence({ kernel, object: object.file });
		for (const name of left) yield { case: of(name), outcome: "skip" as const, reason, evidence };
	};

	const loaders = await loadersOf(object).catch((error: unknown) => {
		if (error instanceof InputError) return error;
		throw error;
	});
	if (loaders instanceof InputError) {
		yield* skipAll(
			{
				code: "unsignable",
				message: loaders.message,
				hint: "the package can be signed as a whole; no kernel can check this object's signature",
			},
			names,
		);
		return;
	}

	const setting: Setting = { kernel, object: object.file };
	const first = await unsignedFinding(of("unsigned"), object, loaders, setting, bench);
	yield first;
	const rest = names.filter((name) => name !== "unsigned");
	if (first.outcome === "skip" && first.reason) {
		yield* skipAll(first.reason, rest);
		return;
	}

	const { client } = await bench.guest();
	const keyrings = new Keyrings(client);
	const ways = new Ways(kernel.contract, signatures, keyrings);
	yield* goodFindings({ pkg, object, ways, setting, bench });
	await keyrings.close();
	if (kernel.contract === "none") {
		const good = new Set<string>(goodCases);
		for (const name of rest) if (!good.has(name)) yield unsupported(of(name), setting);
		return;
	}
	// A loader that came with the package is attacked in place of the one that would be made here.
	const shipped = ways.shipped(object, kernel.contract);
	const scene = new Scene(
		client,
		kernel.contract,
		shipped ? { ...loaders, [kernel.contract]: shipped } : loaders,
	);
	for (const { name, promises, run, code } of attacks.filter(({ applies }) => applies?.(object) ?? true)) {
		const promised = promises[kernel.contract];
		yield judged(of(name), { ...setting, signedBy: "throwaway" }, promised, await run(scene), code);
	}
	await scene.close();
}
