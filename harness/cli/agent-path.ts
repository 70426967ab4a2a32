// SPDX-License-Identifier: Apache-2.0
import { fileURLToPath } from "node:url";

/** Where ci/setup puts the guest agent for an architecture (`uname -m`). */
export function agentPath(arch: string): string {
	return fileURLToPath(new URL(`../../build/agent/${arch}/agent`, import.meta.url));
}
