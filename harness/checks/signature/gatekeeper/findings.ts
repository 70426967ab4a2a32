// SPDX-License-Identifier: Apache-2.0
import { UndecidedError } from "../../../base/errors.js";
import type { Reason } from "../../../base/results.js";
import type { Package } from "../../../data/package/package.js";
import { contracts } from "../../../data/signing/contract.js";
import type { PackageSignatures } from "../../../data/signing/layout.js";
import type { Finding, Workbench } from "../../../lab/check.js";
import { readText } from "../../../machine/features/files.js";
import type { Lack } from "../../../machine/features/missing.js";
import type { Guest } from "../../../machine/vm/guest.js";
import { kernelContract } from "../kernel-contract.js";
import { type GatekeeperName, gatekeepers } from "./artifacts.js";
import { type CasePromise, familyOf, isHardened, ofPackage, promisesOf } from "./cases.js";
import { denyScenes } from "./deny.js";
import { NotInstalled } from "./gatekeeper.js";
import { loaderScenes } from "./loader.js";
import { Absent, type Attack, Post, type Seen } from "./post.js";
import { signatureScenes } from "./signature.js";

export interface GatekeeperOptions {
	/** Default: all. */
	which?: readonly GatekeeperName[];
	/** Where their objects are; default: what was built. */
	folder?: string;
}

/** Cases `gatekeeper/<which>/<case>`, of all gatekeepers. */
export function gatekeeperCases(which: readonly GatekeeperName[] = gatekeepers): string[] {
	return which.flatMap((name) => [...promisesOf(name).keys()].map((each) => `gatekeeper/${name}/${each}`));
}

/** What gatekeepers did of which the package is no part, by kernel: asked once for each process. */
const seenOnKernel = new Map<string, readonly Seen[]>();

/**
 * Posts one gatekeeper after the other, and looks whether it lets the package in and what it keeps
 * out. A case that a gatekeeper promises fails when it is not kept. One that it does not promise
 * passes and says in its evidence what was seen: `stopped`, and when it was not, `does_not_stop`. A
 * kernel that lacks what a gatekeeper is made of skips all its cases. What hardened ones leave
 * cannot be taken away: each has a guest of its own. For a second package on the same kernel only
 * what the package is part of is tried again; the rest tells with which package it was seen.
 *
 * @param signatures that came with the package; undefined: its loaders are signed here
 */
export async function* gatekeeperFindings(
	pkg: Package,
	bench: Workbench,
	signatures: PackageSignatures | undefined,
	{ which = gatekeepers, folder }: GatekeeperOptions = {},
): AsyncGenerator<Finding> {
	for (const name of which) {
		const open = promisesOf(name);
		try {
			const skipped = await lacking(name, bench);
			if (skipped) {
				for (const each of open.keys()) yield { ...skipped, case: `gatekeeper/${name}/${each}` };
				continue;
			}
			const guest = await bench.guest();
			const lsms = await activeLsms(guest);
			const key = JSON.stringify([guest.kernel.image_sha256, lsms, name, folder]);
			const before = seenOnKernel.get(key);
			const fresh: Seen[] = [];
			const tell = function* (seen: Seen): Generator<Finding> {
				const promise = open.get(seen.case);
				if (!promise) throw new Error(`gatekeeper ${name} has no case ${seen.case}`);
				open.delete(seen.case);
				yield finding(name, promise, seen, guest, lsms);
			};
			for (const seen of before ?? []) yield* tell(seen);
			for await (const seen of scenes(guest, name, pkg, signatures, before === undefined, folder)) {
				if (!ofPackage.includes(seen.case))
					fresh.push({ ...seen, evidence: { ...seen.evidence, seen_with: pkg.name } });
				yield* tell(seen);
			}
			if (!before) seenOnKernel.set(key, fresh);
			// A hardened gatekeeper stays, and so does the file system that `loader` needs.
			if (isHardened(name) || familyOf(name) === "loader") await bench.spoil();
			else await bench.leftovers();
			for (const each of open.keys()) throw new Error(`gatekeeper ${name}: nothing was seen of ${each}`);
		} catch (cause) {
			const lost = (await known(name, cause, bench)) ?? (await bench.lost(cause));
			for (const each of open.keys()) yield { case: `gatekeeper/${name}/${each}`, ...lost, evidence: {} };
		}
	}
}

async function* scenes(
	guest: Guest,
	name: GatekeeperName,
	pkg: Package,
	signatures: PackageSignatures | undefined,
	attacked: boolean,
	folder: string | undefined,
): AsyncGenerator<Seen> {
	const family = familyOf(name);
	const attacks: Attack[] =
		family === "signature"
			? ["load_unsigned", "answer_before_load"]
			: ["load_unsigned", "answer_first", "answer_before"];
	const contract = family === "signature" ? (await kernelContract(guest)).contract : "none";
	const post = await Post.prepare(guest, name, pkg, attacked ? attacks : [], folder);
	if (family === "loader") yield* loaderScenes(post);
	else if (family === "deny") yield* denyScenes(post);
	else if (contract !== "none") yield* signatureScenes(post, contract, signatures);
	await post.leave();
}

const needs: Record<ReturnType<typeof familyOf>, readonly string[]> = {
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
async function lacking(name: GatekeeperName, bench: Workbench): Promise<Omit<Finding, "case"> | undefined> {
	const family = familyOf(name);
	for (const requirement of needs[family]) {
		const lack = await lackOf(bench, requirement);
		if (!lack) continue;
		const { state, message, hint } = lack;
		return {
			outcome: "skip",
			reason: { code: `feature-${state}`, message: `no gatekeeper ${name}: ${message}`, hint },
			evidence: { requirement, state },
		};
	}
	if (family !== "signature") return undefined;
	const { contract, shown } = await kernelContract(await bench.guest());
	if (contracts.some((known) => known === contract)) return undefined;
	return {
		outcome: "skip",
		reason: {
			code: "no-signatures",
			message: `no gatekeeper ${name}: kernel ${bench.kernel.id} verifies no signatures: ${shown}`,
			hint: "use the gatekeeper `deny`, or `loader` from 6.12 on",
		},
		evidence: { contract },
	};
}

/** What stopped before anything could be seen, and is no accident. */
async function known(
	name: GatekeeperName,
	cause: unknown,
	bench: Workbench,
): Promise<Pick<Finding, "outcome" | "reason"> | undefined> {
	if (!(cause instanceof Absent || cause instanceof NotInstalled)) return undefined;
	await bench.spoil();
	const told = `gatekeeper ${name} cannot be posted on ${bench.kernel.id}: ${cause.message}`;
	if (cause instanceof Absent) {
		const hint = "use the gatekeeper `deny` on this kernel";
		return { outcome: "skip", reason: { code: "feature-unsupported", message: told, hint } };
	}
	const hint = "do not rely on it on this kernel";
	return { outcome: "fail", reason: { code: "gatekeeper-refused", message: told, hint } };
}

/** Undefined too when nobody can tell; posting it will. */
async function lackOf(bench: Workbench, requirement: string): Promise<Lack | undefined> {
	try {
		return await bench.lack(requirement);
	} catch (error) {
		if (error instanceof UndecidedError && error.code === "feature-unknown") return undefined;
		throw error;
	}
}

async function activeLsms({ client }: Guest): Promise<string> {
	return (await readText(client, "/sys/kernel/security/lsm"))?.trim() ?? "";
}

function finding(
	name: GatekeeperName,
	promise: CasePromise & { promised: boolean },
	{ case: each, kept, impossible, evidence }: Seen,
	guest: Guest,
	lsms: string,
): Finding {
	const said = { case: `gatekeeper/${name}/${each}`, evidence: { ...evidence, promised: promise.promised } };
	if (impossible !== undefined) {
		const reason = {
			code: "not-applicable",
			message: `${each} could not be tried on ${guest.kernel.id}: ${impossible}`,
			hint: "nothing is to be done",
		};
		return { ...said, outcome: "skip", reason };
	}
	if (promise.promised && !kept)
		return { ...said, outcome: "fail", reason: broken(name, promise, guest, lsms) };
	if (promise.promised) return { ...said, outcome: "pass" };
	const open = kept ? {} : { does_not_stop: promise.opens };
	return { ...said, outcome: "pass", evidence: { ...said.evidence, stopped: kept, ...open } };
}

function broken(name: GatekeeperName, promise: CasePromise, guest: Guest, lsms: string): Reason {
	const inactive = !lsms.split(",").includes("bpf");
	const kind = isHardened(name) ? "hardened gatekeeper" : "gatekeeper";
	return {
		code: inactive ? "bpf-lsm-inactive" : "gatekeeper-fails",
		message: `the ${kind} ${name} promises that it ${promise.keeps}, and does not on ${guest.kernel.id}${inactive ? `: the kernel was booted without the BPF LSM (active: ${lsms || "none"}) and never calls it` : ""}`,
		hint: inactive
			? "add bpf to the kernel parameter lsm="
			: "do not rely on it on this kernel; report it with the evidence",
	};
}
