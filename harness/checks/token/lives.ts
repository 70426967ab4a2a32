// SPDX-License-Identifier: Apache-2.0

import { constants } from "node:os";
import { errnoName } from "../../base/errno.js";
import { anyName, tokenNames } from "../../data/package/sections/token.js";
import { objInfo } from "../../machine/guest/bpf-call.js";
import { type GuestClient, GuestError } from "../../machine/guest/client.js";
import { mountToken } from "../../machine/guest/token-mount.js";
import { mountMasks } from "./model/mount-options.js";
import type { TokenScene } from "./package-trials.js";
import { refusedText } from "./package-use.js";
import { type BareCall, bare, tryBare } from "./token-call.js";
import { failed, type Outcome, passed, refusalEvidence } from "./token-evidence.js";
import { ids } from "./token-session.js";

const { EACCES, EINVAL, EOPNOTSUPP, EPERM } = constants.errno;

/**
 * Something that was done, what the kernel should have answered to it, and what it did; errnos, 0
 * for done.
 */
interface Answer {
	what: string;
	expected: number;
	seen: number;
}

/**
 * What tokens promise of whoever has one, at whatever time: each case by what it did, one step
 * after the other.
 */
export interface LifeCase {
	name: string;
	run(scene: TokenScene, call: BareCall): Promise<Answer[]>;
}

/** Of an operation: 0, or the errno with which it was refused. */
async function errnoOf(operation: Promise<unknown>): Promise<number> {
	try {
		await operation;
		return 0;
	} catch (error) {
		if (error instanceof GuestError) return error.errno;
		throw error;
	}
}

type Token = { handle: number };
const create = (client: GuestClient, path: string): Promise<Token> => client.call("token_create", { path });

/** errno of making a token, which is not kept. */
async function makes(
	client: GuestClient,
	args: { path?: string; handle?: number; folder?: string },
): Promise<number> {
	return errnoOf(client.call("token_create", args).then((token) => client.call("close", token)));
}

export const lifeCases: readonly LifeCase[] = [
	{
		name: "other-namespace",
		async run(scene, call) {
			const { client } = scene.world.guest;
			const owner = scene.world.ownerClient;
			const path = await scene.declaredPath();
			const { user } = await client.call("user_start", {
				uid: ids.other,
				gid: ids.other,
				unshare: ["user", "mnt", "net"],
			});
			const stranger = client.as(user);
			try {
				const token = await create(owner, path);
				const given = await client.call("fd_pass", {
					handle: token.handle,
					from: scene.world.owner,
					to: user,
				});
				const used = await tryBare(stranger, call, given);
				await owner.call("close", token);
				const root = await owner.call("path_open", { path });
				const mount = await client.call("fd_pass", {
					handle: root.handle,
					from: scene.world.owner,
					to: user,
				});
				const made = await makes(stranger, { handle: mount.handle });
				await owner.call("close", root);
				return [
					{
						what: "root of another user namespace uses the token that was passed to him",
						expected: EPERM,
						seen: used,
					},
					{ what: "root of another user namespace makes a token of the mount", expected: EPERM, seen: made },
				];
			} finally {
				await client.call("close", { handle: user });
			}
		},
	},
	{
		name: "initial-namespace",
		async run(scene) {
			const { client } = scene.world.guest;
			const target = "/run/bpfgate-initial";
			const options = Object.entries(mountMasks(scene.declared)).map((option) => option.join("="));
			await client.call("mount", { source: "bpf", target, fstype: "bpf", data: options.join() });
			try {
				const seen = await makes(client, { path: target });
				return [
					{ what: "root of the machine makes a token of a mount of his own", expected: EOPNOTSUPP, seen },
				];
			} finally {
				await client.call("unmount", { target });
			}
		},
	},
	{
		name: "sub-directory",
		async run(scene) {
			const seen = await makes(scene.world.ownerClient, {
				path: await scene.declaredPath(),
				folder: "below",
			});
			return [{ what: "a token is made of a folder in the mount", expected: EINVAL, seen }];
		},
	},
	{
		name: "after-unmount",
		async run(scene, call) {
			const client = await scene.declaredUser();
			const path = await scene.world.mount(scene.declared);
			const token = await create(client, path);
			await scene.world.unmount(path, { lazy: true });
			const used = await tryBare(client, call, token);
			const made = await makes(client, { path });
			await client.call("close", token);
			return [
				{ what: "a token is used whose mount was taken away", expected: 0, seen: used },
				{ what: "a token is made where the mount was", expected: EINVAL, seen: made },
			];
		},
	},
	{
		name: "after-grantor-died",
		async run(scene, call) {
			const { client } = scene.world.guest;
			const { user: grantor } = await client.call("user_start", { uid: 0, gid: 0 });
			const user = await scene.declaredUser();
			let path: string;
			let token: Token;
			try {
				path = await scene.world.mount(scene.declared, { grantor });
				token = await create(user, path);
			} finally {
				await client.call("close", { handle: grantor });
			}
			const used = await tryBare(user, call, token);
			await user.call("close", token);
			const made = await makes(user, { path });
			await scene.world.unmount(path);
			return [
				{ what: "a token is used whose grantor has ended", expected: 0, seen: used },
				{ what: "a token is made of a mount whose grantor has ended", expected: 0, seen: made },
			];
		},
	},
	{
		name: "other-user",
		async run(scene, call) {
			const { client } = scene.world.guest;
			const owner = scene.world.ownerClient;
			const path = await scene.declaredPath();
			const token = await create(owner, path);
			const other = await scene.world.join([], { uid: ids.other });
			try {
				const made = await makes(other.client, { path });
				const given = await client.call("fd_pass", {
					...{ handle: token.handle, from: scene.world.owner, to: other.handle },
				});
				const used = await tryBare(other.client, call, given);
				return [
					{ what: "somebody without capabilities makes a token", expected: EPERM, seen: made },
					{
						what: "somebody without capabilities uses a token that was passed to him",
						expected: EPERM,
						seen: used,
					},
				];
			} finally {
				await client.call("close", { handle: other.handle });
				await owner.call("close", token);
			}
		},
	},
	{
		name: "fd-passed",
		async run(scene, call) {
			const { client } = scene.world.guest;
			const owner = scene.world.ownerClient;
			const token = await create(owner, await scene.declaredPath());
			const other = await scene.world.join(scene.declared.capabilities, { uid: ids.other });
			try {
				const given = await client.call("fd_pass", {
					...{ handle: token.handle, from: scene.world.owner, to: other.handle },
				});
				await owner.call("close", token);
				const used = await tryBare(other.client, call, given);
				return [
					{
						what: "another user with the capabilities uses a token that was passed to him",
						expected: 0,
						seen: used,
					},
				];
			} finally {
				await client.call("close", { handle: other.handle });
			}
		},
	},
	{
		name: "both-ways",
		async run(scene, call) {
			const { client } = scene.world.guest;
			const owner = scene.world.ownerClient;
			const byPath = await scene.tryAt(await scene.declaredUser(), await scene.declaredPath(), call);
			const handle = await mountToken(client, {
				user: scene.world.owner,
				options: mountMasks(scene.declared),
			});
			const token = await owner.call("token_create", { handle });
			const byDescriptor = await tryBare(owner, call, token);
			await owner.call("close", token);
			await owner.call("close", { handle });
			return [
				{ what: "a token of a mount at a path is used", expected: 0, seen: byPath },
				{
					what: "a token of a mount that came over a unix socket and is nowhere is used",
					expected: 0,
					seen: byDescriptor,
				},
			];
		},
	},
	{
		name: "group-mount",
		async run(scene, call) {
			const { client } = scene.world.guest;
			const options = { gid: String(ids.group), mode: "0750" };
			const path = await scene.world.mount(scene.declared, { options });
			const capabilities = withoutOverride(scene.declared.capabilities);
			const member = await scene.world.join(capabilities, { uid: ids.other, groups: [ids.group] });
			const stranger = await scene.world.join(capabilities, { uid: ids.other });
			try {
				return [
					{
						what: "a member of the group that owns the mount uses it",
						expected: 0,
						seen: await scene.tryAt(member.client, path, call),
					},
					{
						what: "somebody who is none makes a token of it",
						expected: EACCES,
						seen: await makes(stranger.client, { path }),
					},
				];
			} finally {
				for (const { handle } of [member, stranger]) await client.call("close", { handle });
				await scene.world.unmount(path);
			}
		},
	},
	{
		name: "dropped",
		async run(scene, call) {
			const client = await scene.declaredUser();
			const token = await create(client, await scene.declaredPath());
			const { errno, fd } = await bare(client, call, token);
			await client.call("close", token);
			const again = await tryBare(client, call);
			const answers = [
				{ what: "something is made with a token", expected: 0, seen: errno },
				{ what: "the same is tried when the token is gone", expected: EPERM, seen: again },
			];
			if (fd === undefined) return answers;
			const { errno: kept } = await objInfo(client, { handle: fd }, 16);
			await client.call("close", { handle: fd });
			return [...answers, { what: "the kernel is asked about what was made", expected: 0, seen: kept }];
		},
	},
];

/** Capabilities but those with which nobody is asked for permissions of files. */
function withoutOverride(capabilities: readonly string[]): string[] {
	const names = capabilities.includes(anyName) ? tokenNames.capabilities.names : capabilities;
	return names.filter((name) => !name.startsWith("cap_dac_") && name !== "cap_sys_admin");
}

/** libbpf finds a token by itself: at its default path, and where its environment says. */
export async function implicitPathOutcome(scene: TokenScene): Promise<Outcome> {
	const { client } = scene.world.guest;
	const { user } = await scene.baseline();
	const path = await scene.world.mount(scene.declared, { path: "/sys/fs/bpf" });
	let atDefault: Awaited<ReturnType<typeof user.use>>;
	try {
		atDefault = await user.use(await scene.declaredUser(), undefined);
	} finally {
		await scene.world.unmount(path);
	}
	const env = [`LIBBPF_BPF_TOKEN_PATH=${await scene.declaredPath()}`];
	const joined = await scene.world.join(scene.declared.capabilities, { env });
	try {
		const byEnvironment = await user.use(joined.client, undefined);
		for (const [where, { refused }] of [
			["libbpf's default path /sys/fs/bpf", atDefault],
			["the path in LIBBPF_BPF_TOKEN_PATH", byEnvironment],
		] as const)
			if (refused)
				return failed(
					{
						code: "implicit-token",
						message: `with the declared token at ${where}, ${refusedText(refused)}`,
						hint: "name the bpffs with bpf_token_path in the loader",
					},
					refusalEvidence(refused),
				);
		return passed({ default_path: atDefault.loaded, environment: byEnvironment.loaded });
	} finally {
		await client.call("close", { handle: joined.handle });
	}
}

/** What the answers of a case come to. */
export function lifeOutcome(answers: readonly Answer[]): Outcome {
	const evidence = {
		steps: answers.map(({ what, seen }) => ({ what, answer: seen === 0 ? "done" : errnoName(seen) })),
	};
	const wrong = answers.find(({ expected, seen }) => expected !== seen);
	if (!wrong) return passed(evidence);
	const told = (errno: number) => (errno === 0 ? "done" : `refused with ${errnoName(errno)}`);
	return failed(
		{
			code: "token-promise",
			message: `${wrong.what}: it should be ${told(wrong.expected)} and is ${told(wrong.seen)}`,
			hint: "the kernel does not keep what tokens promise (kernel/bpf/token.c); do not rely on them there",
		},
		evidence,
	);
}
