// SPDX-License-Identifier: Apache-2.0
import type { Technique } from "../technique.js";
import { deviceTechniques } from "./devices.js";
import { functionTechniques } from "./functions.js";
import { linkTechniques } from "./links.js";
import { listTechniques } from "./lists.js";
import { netnsTechniques } from "./netns.js";
import { pinTechniques } from "./pins.js";
import { processTechniques } from "./processes.js";
import { socketTechniques } from "./sockets.js";
import { structOpsTechniques } from "./struct-ops.js";
import { tcTechniques } from "./tc.js";
import { tracingTechniques } from "./tracing.js";
import { xdpTechniques } from "./xdp.js";

/** Every technique, in the order of reports. */
export const techniques: readonly Technique[] = [
	...xdpTechniques,
	...tcTechniques,
	...listTechniques,
	...linkTechniques,
	...pinTechniques,
	...deviceTechniques,
	...functionTechniques,
	...processTechniques,
	...tracingTechniques,
	...netnsTechniques,
	...socketTechniques,
	...structOpsTechniques,
];
