// SPDX-License-Identifier: Apache-2.0

import { undecided } from "../../data/reasons/registry/registry.js";
import { type DebianPackage, findPackages } from "../debian/apt.js";
import type { Apt } from "../debian/suite-index.js";
import { compareVersions } from "../debian/version.js";
import type { Catalog, KernelLine } from "./catalog.js";

/** A release of a line that the archive has now. */
export interface Release {
	/** `uname -r`, as the package's name has it. */
	release: string;
	/** The package with the image first. */
	packages: DebianPackage[];
}

/**
 * The newest complete release of a line; indexes are downloaded again before giving up.
 * @throws UndecidedError `kernel-not-in-archive`, `mirror-unreachable`
 */
export async function resolveLine(
	apt: Apt,
	catalog: Catalog,
	line: KernelLine,
	arch: string,
	refresh?: boolean,
): Promise<Release> {
	const architecture = catalog.architectures[arch];
	if (!architecture) {
		throw undecided("kernel-not-in-archive", { what: `the catalog has no kernels for ${arch}` });
	}
	const prefixes = [...line.packages, ...(line.optional_packages ?? [])];
	const pattern = new RegExp(`^(?:${prefixes.join("|")})-(?:${line.release})-${architecture.flavour}$`);
	const look = async (suites: string[], refresh: boolean | undefined) => {
		const found = await Promise.all(
			suites.map((name) =>
				findPackages(apt, { name, arch: architecture.debian }, (each) => pattern.test(each), refresh),
			),
		);
		return newestRelease(line, found.flat());
	};
	const release =
		(await look(line.suites, refresh)) ??
		(line.fallback_suites && (await look(line.fallback_suites, refresh))) ??
		(refresh === true ? undefined : await look([...line.suites, ...(line.fallback_suites ?? [])], true));
	if (release) return release;
	throw undecided("kernel-not-in-archive", {
		what: `${apt.mirrors.archive}: no complete release of ${line.id} in ${line.suites.join(", ")}`,
	});
}

/** The packages of a line's newest release that is complete in one suite and version. */
export function newestRelease(line: KernelLine, packages: DebianPackage[]): Release | undefined {
	const [prefix] = line.packages;
	const images = packages
		.filter((each) => each.name.startsWith(`${prefix}-`))
		.sort((a, b) => compareVersions(b.version, a.version));
	for (const image of images) {
		const release = image.name.slice(`${prefix}-`.length);
		const partner = (name: string) =>
			packages.find(
				(each) =>
					each.name === `${name}-${release}` && each.version === image.version && each.suite === image.suite,
			);
		const needed = line.packages.map(partner);
		if (needed.includes(undefined)) continue;
		const optional = (line.optional_packages ?? []).map(partner);
		return { release, packages: [...needed, ...optional].filter((each) => each !== undefined) };
	}
	return undefined;
}
