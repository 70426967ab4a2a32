// SPDX-License-Identifier: Apache-2.0
import { constants } from "node:os";
import type { Delegation } from "../../checks/token/model/delegation.js";
import {
	type DelegatedKind,
	delegatedKinds,
	mountMasks,
	mountOptionNames,
} from "../../checks/token/model/mount-options.js";
import { answerName } from "../../checks/token/token-call.js";
import type { TokenSession } from "../../checks/token/token-session.js";
import { anyName } from "../../data/package/sections/token.js";
import { listFolder, readText } from "../../machine/features/files.js";
import { objInfo } from "../../machine/guest/bpf-call.js";
import type { GuestClient } from "../../machine/guest/client.js";
import { type Step, standIn, type TokenPromise } from "./token-promises.js";

const { EINVAL } = constants.errno;
/** Masks of 64 bits, as `0x12`, or `any`. */
export type Masks = Readonly<Record<DelegatedKind, string>>;

export const tokenInfo: TokenPromise = {
	name: "token-info",
	promise: "the kernel reports exactly what a token grants",
	ask: (session) => askInfo(session, standIn),
};

/** Asks with BPF_OBJ_GET_INFO_BY_FD (from 6.17), or else /proc/\<pid>/fdinfo. */
export async function askInfo(session: TokenSession, delegation: Delegation): Promise<Step[]> {
	const owner = session.ownerClient;
	const token = await owner.call("token_create", { path: await session.bpffs(delegation) });
	const { errno, info } = await objInfo(owner, token, 32);
	await owner.call("close", token);
	if (errno === EINVAL)
		return infoSteps(delegation, await masksByProc(session, delegation), "/proc/<pid>/fdinfo");
	// struct bpf_token_info of include/uapi/linux/bpf.h
	const mask = (kind: DelegatedKind) => `0x${info.u64(delegatedKinds.indexOf(kind) * 8).toString(16)}`;
	const by = "BPF_OBJ_GET_INFO_BY_FD";
	return infoSteps(delegation, errno === 0 ? masksOf(mask) : undefined, by, answerName(errno));
}

/** As a process reads it that holds this token and no other. */
export async function masksByProc(session: TokenSession, delegation: Delegation): Promise<Masks | undefined> {
	const holder = await session.join([anyName]);
	try {
		await holder.client.call("token_create", { path: await session.bpffs(delegation) });
		return await ownFdinfo(holder.client);
	} finally {
		await session.leave(holder);
	}
}

async function ownFdinfo(client: GuestClient): Promise<Masks | undefined> {
	const folder = "/proc/self/fdinfo";
	for (const name of await listFolder(client, folder)) {
		const masks = masksOfFdinfo((await readText(client, `${folder}/${name}`)) ?? "");
		if (masks) return masks;
	}
	return undefined;
}

/** Reads what `bpf_token_show_fdinfo` (kernel/bpf/token.c) prints; undefined for other files. */
export function masksOfFdinfo(text: string): Masks | undefined {
	const shown = new Map(
		[...text.matchAll(/^allowed_(\w+):\t(any|0x[0-9a-f]{1,16})$/gm)].map(
			([, name = "", mask = ""]) => [name, mask] as const,
		),
	);
	const masks = masksOf((kind) => shown.get(mountOptionNames[kind].replace("delegate_", "")) ?? "");
	return Object.values(masks).includes("") ? undefined : masks;
}

const masksOf = (mask: (kind: DelegatedKind) => string): Masks =>
	Object.fromEntries(delegatedKinds.map((kind) => [kind, mask(kind)])) as Record<DelegatedKind, string>;

/**
 * One step for each kind of grant. @param by where it was asked
 * @param masks undefined when the kernel reported nothing
 * @param silence what it answered in place of masks
 */
export function infoSteps(
	delegation: Delegation,
	masks: Masks | undefined,
	by: string,
	silence = "nothing",
): Step[] {
	const delegated = mountMasks(delegation);
	return delegatedKinds.map((kind) => {
		const expected = delegated[mountOptionNames[kind]] ?? "0x0";
		const seen = masks?.[kind] ?? silence;
		return {
			what: `asked for ${kind} with ${by}`,
			expected,
			seen: seen === "any" && isAll(expected) ? expected : seen,
		};
	});
}

/** `any` stands for all that the kernel knows, more than 30 of each kind on kernels with tokens. */
function isAll(mask: string): boolean {
	const bits = BigInt(mask);
	return bits >> 30n > 0n && (bits & (bits + 1n)) === 0n;
}
