// SPDX-License-Identifier: Apache-2.0
import { join } from "node:path";
import { InputError } from "../../../base/errors.js";
import { type BrokenPackage, nameOfPath } from "../../../data/package/broken-package.js";
import { NoSuchInput } from "../../../data/package/files.js";
import { manifestName, type Package } from "../../../data/package/package.js";

/** How a package is opened, and what is checked when it is known which packages there are. */
interface Opening {
	/** @throws InputError for an invalid package */
	open(path: string): Promise<Package>;
	/** @throws InputError for a package that is invalid among the others */
	assertAmong(pkg: Package, packages: readonly Package[]): void;
}

/**
 * Opens the inputs of a run. One that is broken does not stop the others.
 * @throws AggregateError of an InputError for each mistake when nothing is left to test, and for an
 * invalid invocation: a path where there is nothing, or two packages of one name
 */
export async function openInputs(
	paths: readonly string[],
	{ open, assertAmong }: Opening,
): Promise<{ packages: Package[]; broken: BrokenPackage[] }> {
	const opened: Package[] = [];
	const errors: InputError[] = [];
	const rejected: { path: string; name: string; error: InputError }[] = [];
	let invocation = false;
	const attempt = async (path: string, name: string, action: () => unknown): Promise<boolean> => {
		try {
			await action();
			return true;
		} catch (error) {
			if (!(error instanceof InputError)) throw error;
			errors.push(error);
			if (error instanceof NoSuchInput) invocation = true;
			else rejected.push({ path, name, error });
			return false;
		}
	};
	for (const path of new Set(paths))
		await attempt(path, nameOfPath(path), async () => {
			const pkg = await open(path);
			const twin = opened.find(({ name }) => name === pkg.name);
			if (!twin) return opened.push(pkg);
			invocation = true;
			throw new InputError(path, "", `has the same name as ${twin.path}: "${pkg.name}"`);
		});
	const packages: Package[] = [];
	for (const pkg of opened)
		if (await attempt(pkg.path, pkg.name, () => assertAmong(pkg, opened))) packages.push(pkg);
	if (invocation || packages.length === 0) throw new AggregateError(errors);
	const taken = new Set(packages.map(({ name }) => name));
	const broken = rejected.map(({ path, name, error }) => {
		const free = taken.has(name) ? path : name;
		taken.add(free);
		return { name: free, path, errors: [error] };
	});
	return { packages, broken };
}

/** Every file that the packages were read from; of a folder, only what belongs to the package. */
export function inputFiles(packages: readonly Package[], broken: readonly BrokenPackage[]): string[] {
	return [
		...broken.flatMap(({ path }) => [path, join(path, manifestName)]),
		...packages.flatMap(({ path, objects, vectors, loaderFiles, signatures, manifest: { guest } }) => {
			const listed = [...objects, ...vectors, ...loaderFiles, ...signatures].map(({ file }) => file);
			const names = [manifestName, ...listed, ...(guest?.files ?? []).map(({ from }) => from)];
			return [path, ...names.map((name) => join(path, name))];
		}),
	];
}
