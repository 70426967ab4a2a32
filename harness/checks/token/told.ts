// SPDX-License-Identifier: Apache-2.0

import { constants } from "node:os";
import { errnoName } from "../../base/errno.js";
import { anyName } from "../../data/package/sections/token.js";
import { listFolder, readText } from "../../machine/features/files.js";
import type { Held } from "../../machine/guest/bpf-attr.js";
import { objInfo } from "../../machine/guest/bpf-call.js";
import type { GuestClient } from "../../machine/guest/client.js";
import type { Delegation } from "./model/delegation.js";
import { type DelegatedKind, delegatedKinds, mountMasks, mountOptionNames } from "./model/mount-options.js";
import type { TokenScene } from "./package-trials.js";
import { delegationEvidence, failed, type Outcome, passed, skipped } from "./token-evidence.js";

const { EINVAL } = constants.errno;
/** Masks of 64 bits, as `0x12`, or `any`. */
export type Masks = Readonly<Record<DelegatedKind, string>>;

/**
 * Is what the kernel tells of a token what is delegated? Asked with bpf(2), or of /proc where that
 * tells nothing of tokens.
 */
export async function infoOutcome(scene: TokenScene): Promise<Outcome> {
	const token = await scene.ownerToken("declared");
	if (!token)
		return skipped(
			{
				code: "token-without-use",
				message: "nothing is declared, so there is no token that the kernel could tell of",
				hint: "see declared",
			},
			delegationEvidence(scene.declared),
		);
	const { errno, masks } = await toldByInfo(scene, token);
	if (masks || errno !== EINVAL) return toldOutcome(scene.declared, masks, "BPF_OBJ_GET_INFO_BY_FD", errno);
	return toldOutcome(scene.declared, await toldByProc(scene), "/proc/<pid>/fdinfo");
}

/** `struct bpf_token_info` (include/uapi/linux/bpf.h). */
async function toldByInfo(scene: TokenScene, token: Held): Promise<{ errno: number; masks?: Masks }> {
	const { errno, info } = await objInfo(scene.world.ownerClient, token, 32);
	if (errno !== 0) return { errno };
	const mask = (index: number) => `0x${info.u64(index * 8).toString(16)}`;
	return { errno, masks: masksOf((kind) => mask(delegatedKinds.indexOf(kind))) };
}

/** As somebody reads it who holds this token and no other. */
export async function toldByProc(scene: TokenScene): Promise<Masks | undefined> {
	const holder = await scene.world.join([anyName]);
	try {
		await holder.client.call("token_create", { path: await scene.declaredPath() });
		return await fdinfoOf(holder.client);
	} finally {
		await scene.world.guest.client.call("close", { handle: holder.handle });
	}
}

async function fdinfoOf(client: GuestClient): Promise<Masks | undefined> {
	const folder = "/proc/self/fdinfo";
	for (const name of await listFolder(client, folder)) {
		const masks = masksOfFdinfo((await readText(client, `${folder}/${name}`)) ?? "");
		if (masks) return masks;
	}
	return undefined;
}

/**
 * What `bpf_token_show_fdinfo` of kernel/bpf/token.c prints; undefined for a file that is no token.
 */
export function masksOfFdinfo(text: string): Masks | undefined {
	const told = new Map(
		[...text.matchAll(/^allowed_(\w+):\t(any|0x[0-9a-f]{1,16})$/gm)].map(([, ...all]) => all) as [
			string,
			string,
		][],
	);
	const masks = masksOf((kind) => told.get(mountOptionNames[kind].replace("delegate_", "")) ?? "");
	return Object.values(masks).includes("") ? undefined : masks;
}

const masksOf = (mask: (kind: DelegatedKind) => string): Masks =>
	Object.fromEntries(delegatedKinds.map((kind) => [kind, mask(kind)])) as Record<DelegatedKind, string>;

/**
 * What it comes to. @param masks undefined when the kernel told nothing. @param by where it was
 * asked
 */
export function toldOutcome(declared: Delegation, masks: Masks | undefined, by: string, errno = 0): Outcome {
	const delegated = mountMasks(declared);
	const steps = delegatedKinds.map((kind) => ({
		kind,
		declared: delegated[mountOptionNames[kind]] ?? "0x0",
		told: masks?.[kind] ?? "nothing",
	}));
	const wrong = steps.find(({ declared: mask, told }) => told !== mask && !(told === "any" && isAll(mask)));
	const evidence = { by, ...(errno === 0 ? {} : { errno: errnoName(errno) }), told: steps };
	if (!wrong) return passed(evidence);
	return failed(
		{
			code: "token-promise",
			message: masks
				? `the kernel tells (${by}) that the token grants ${wrong.kind} ${wrong.told}, and delegated is ${wrong.declared}`
				: `the kernel tells nothing of the token (${by})${errno === 0 ? "" : `: ${errnoName(errno)}`}`,
			hint: "the kernel does not keep what tokens promise (kernel/bpf/token.c); do not rely on them there",
		},
		evidence,
	);
}

/**
 * Of all that a kernel knows, which are fewer than there are names of, it says `any`; each with
 * tokens knows more than 30 of a kind.
 */
function isAll(mask: string): boolean {
	const bits = BigInt(mask);
	return bits >> 30n > 0n && (bits & (bits + 1n)) === 0n;
}
