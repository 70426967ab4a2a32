// SPDX-License-Identifier: Apache-2.0
import { errnoName } from "../../../base/errno.js";
import { UndecidedError } from "../../../base/errors.js";
import type { Reason } from "../../../base/results.js";
import type { Package } from "../../../data/package/package.js";
import { reason } from "../../../data/reasons/registry/registry.js";
import { contracts } from "../../../data/signing/contract.js";
import type { Workbench } from "../../../lab/check.js";
import { lackReason } from "../../../lab/findings.js";
import { readText } from "../../../machine/features/files.js";
import type { Lack } from "../../../machine/features/missing.js";
import type { GuestClient } from "../../../machine/guest/client.js";
import { kernelContract } from "../kernel-contract.js";
import { type GatekeeperKind, type GatekeeperName, kindOf } from "./artifacts.js";
import type { Gatekeeper, GatekeeperPlace } from "./gatekeeper.js";

/** Where a gatekeeper is installed, and the package that it should admit. */
export interface GatekeeperSite extends GatekeeperPlace {
	pkg: Package;
}

export interface GatekeeperAnswer {
	case: string;
	/** Whether it did what the case asks for. */
	holds: boolean;
	/** Why the case cannot be tried on this kernel. */
	impossible?: string;
	evidence: Record<string, unknown>;
}

/** A guest prepared for a gatekeeper, with what the gatekeeper trusts. */
export interface Admission {
	/** Loads and attaches the gatekeeper. @throws GatekeeperRefused */
	install(): Promise<Gatekeeper>;
	/** Case `admits-package`: loads the package under the gatekeeper. */
	admits(gatekeeper: Gatekeeper): Promise<GatekeeperAnswer>;
	/** Removes the keys that were added; the gatekeeper is already gone. */
	close(): Promise<void>;
}

/** The kernel lacks something that the gatekeeper needs. */
export class GatekeeperUnsupported extends Error {
	override name = "GatekeeperUnsupported";
}

const needs: Record<GatekeeperKind, readonly string[]> = {
	signature: ["lsm:bpf"],
	deny: ["lsm:bpf", "map_type:ringbuf"],
	loader: [
		"lsm:bpf",
		"kfunc:bpf_verify_pkcs7_signature",
		"kfunc:bpf_get_fsverity_digest",
		"kfunc:bpf_get_task_exe_file",
		"config:EXT4_FS",
		"config:FS_VERITY",
		"module:loop",
	],
};

/** Why the kernel cannot have this gatekeeper. */
export async function gatekeeperLack(
	name: GatekeeperName,
	bench: Workbench,
): Promise<{ reason: Reason; evidence: Record<string, unknown> } | undefined> {
	const kind = kindOf(name);
	for (const requirement of needs[kind]) {
		const lack = await lackOf(bench, requirement);
		if (!lack) continue;
		const evidence = { requirement, state: lack.state };
		return { reason: lackReason(lack, `gatekeeper ${name}: `), evidence };
	}
	if (kind !== "signature") return undefined;
	const { contract, shown } = await kernelContract(await bench.guest());
	if (contracts.some((known) => known === contract)) return undefined;
	const facts = { gatekeeper: name, kernel: bench.kernel.id, shown };
	return { reason: reason("no-signatures", facts), evidence: { contract } };
}

/** Undefined also where the kernel does not report it: then installing the gatekeeper will show. */
async function lackOf(bench: Workbench, requirement: string): Promise<Lack | undefined> {
	try {
		return await bench.lack(requirement);
	} catch (error) {
		if (error instanceof UndecidedError && error.code === "feature-unknown") return undefined;
		throw error;
	}
}

/** `0`, or the errno's name. */
export function nameOf(errno: number): string {
	return errno === 0 ? "0" : errnoName(errno);
}

/** The kernel's active LSMs, `lockdown,capability,bpf`; `none` when it reports none. */
export async function activeLsms(client: GuestClient): Promise<string> {
	return (await readText(client, "/sys/kernel/security/lsm"))?.trim() || "none";
}
