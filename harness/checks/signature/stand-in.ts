// SPDX-License-Identifier: Apache-2.0
import { openPackage, type Package } from "../../data/package/package.js";
import { bpfObject, bpfObjectPath } from "../../machine/guest/bpf-object.js";

const opened = new Map<string, Promise<Package>>();

/** bpfgate's own unsigned object, as a package. @throws UndecidedError `not-built` */
export function standInPackage(arch: string): Promise<Package> {
	let pkg = opened.get(arch);
	if (!pkg) {
		pkg = bpfObject(arch, "signature-stand-in").then(() =>
			openPackage(bpfObjectPath(arch, "signature-stand-in")),
		);
		opened.set(arch, pkg);
		pkg.catch(() => opened.delete(arch));
	}
	return pkg;
}
