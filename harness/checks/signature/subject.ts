// SPDX-License-Identifier: Apache-2.0
import type { Package, PackageObject } from "../../data/package/package.js";
import type { Workbench } from "../../lab/check.js";
import type { LoadedObject } from "../../lab/subject/load/load-object.js";
import type { Setting } from "./finding.js";
import type { Way, Ways } from "./way.js";

/** An object that is being looked at, and how it gets into the kernel. */
export interface Subject {
	pkg: Package;
	object: PackageObject;
	ways: Ways;
	setting: Setting;
	bench: Workbench;
}

export interface InstalledSubject extends Subject {
	way: Way;
}

/** While it is in the kernel. */
export interface Presence {
	loaded: LoadedObject & { handle: number };
	/** Handle of the loader's own program. */
	loaderProgram: number | undefined;
}
