// SPDX-License-Identifier: Apache-2.0
import type { Package } from "../../data/package/package.js";
import { type DetectorCommand, shortened } from "./detector.js";

/** The package's own detector; undefined when its manifest names none. */
export function detectorOf({ manifest }: Package): DetectorCommand | undefined {
	const own = manifest.takeover?.detector;
	if (!own) return undefined;
	const ready = own.ready ?? "ready";
	return {
		name: own.command.join(" "),
		argv: own.command,
		isReady: (line) => line.startsWith(ready),
		alarmOf: (line) => ({ text: shortened(line) }),
	};
}
