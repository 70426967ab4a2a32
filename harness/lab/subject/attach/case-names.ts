// SPDX-License-Identifier: Apache-2.0
import { basename } from "node:path";
import type { Package, PackageObject } from "../../../data/package/package.js";

/** Names of programs and maps in cases: their own, or `<object>/<name>` where objects share one. */
export function caseNames(pkg: Package): (object: PackageObject, name: string) => string {
	const seen = new Map<string, number>();
	for (const object of pkg.objects) {
		const own = new Set([...object.programs, ...object.maps].map((item) => item.name));
		for (const name of own) seen.set(name, (seen.get(name) ?? 0) + 1);
	}
	return (object, name) => ((seen.get(name) ?? 0) > 1 ? `${stem(object.file)}/${name}` : name);
}

function stem(file: string): string {
	return basename(file).replace(/(\.bpf)?\.o$/, "");
}
