// SPDX-License-Identifier: Apache-2.0
import type { ChainMechanism } from "../../../data/package/sections/chain-hooks.js";
import type { Mechanism } from "../mechanism.js";
import { cgroup } from "./cgroup.js";
import { dispatcher } from "./dispatcher.js";
import { netkit } from "./netkit.js";
import { tailCall } from "./tail-call.js";
import { tc } from "./tc.js";
import { tcx } from "./tcx.js";

export const mechanisms: ReadonlyMap<ChainMechanism, Mechanism> = new Map(
	[cgroup, dispatcher, netkit, tailCall, tc, tcx].map((mechanism) => [mechanism.name, mechanism]),
);
