// SPDX-License-Identifier: Apache-2.0
import { constants } from "node:os";
import { delegationOf } from "../../checks/token/model/delegation.js";
import { mountMasks } from "../../checks/token/model/mount-options.js";
import { answerName, type TokenCall, tokenCall, tryCall } from "../../checks/token/token-call.js";
import { ids, type TokenSession } from "../../checks/token/token-session.js";
import type { Held } from "../../machine/guest/bpf-attr.js";
import { objInfo } from "../../machine/guest/bpf-call.js";
import { type GuestClient, GuestError } from "../../machine/guest/client.js";
import { mountToken } from "../../machine/guest/token-mount.js";

const { EACCES, EINVAL, EOPNOTSUPP, EPERM } = constants.errno;

/** What was done, and the answer: `done`, or the name of an errno. */
export interface Step {
	what: string;
	expected: string;
	seen: string;
}

/** A promise about tokens, and the steps that show whether the kernel keeps it. */
export interface TokenPromise {
	name: string;
	/** A sentence without a full stop. */
	promise: string;
	/** What an attacker gains although the kernel does what it promises. */
	weakness?: string;
	/** @returns a `lack` where the kernel cannot show it */
	ask(session: TokenSession): Promise<readonly Step[] | { lack: string }>;
}

/** What is delegated in place of a package's token. */
export const standIn = delegationOf({
	commands: ["map_create", "prog_load"],
	maps: ["array"],
	programs: ["socket_filter"],
	attachments: ["cgroup_inet_ingress"],
	capabilities: ["cap_bpf"],
});
/** Allowed with a token of it, refused without one. */
const call: TokenCall = { command: "map_create", map: "array" };

/** A step by errnos, 0 for done. */
export function step(what: string, expected: number, seen: number): Step {
	return { what, expected: answerName(expected), seen: answerName(seen) };
}

async function errnoOf(operation: Promise<unknown>): Promise<number> {
	try {
		await operation;
		return 0;
	} catch (error) {
		if (error instanceof GuestError) return error.errno;
		throw error;
	}
}

/** errno of creating a token, which is closed again. */
function tryCreate(
	client: GuestClient,
	args: { path?: string; handle?: number; folder?: string },
): Promise<number> {
	return errnoOf(client.call("token_create", args).then((token) => client.call("close", token)));
}

const create = (client: GuestClient, path: string): Promise<{ handle: number }> =>
	client.call("token_create", { path });

/** Passes a descriptor of the session's owner to another process. */
function pass({ guest, owner }: TokenSession, { handle }: { handle: number }, to: number): Promise<Held> {
	return guest.client.call("fd_pass", { handle, from: owner, to });
}

/** How tokens are created, passed on, used and closed; each promise by what is done to show it. */
export const tokenPromises: readonly TokenPromise[] = [
	{
		name: "token-used-in-another-user-namespace",
		promise: "a token is bound to the user namespace of its bpffs",
		async ask(session) {
			const { client } = session.guest;
			const owner = session.ownerClient;
			const path = await session.bpffs(standIn);
			const unshare = ["user", "mnt", "net"] as const;
			const { user } = await client.call("user_start", {
				uid: ids.other,
				gid: ids.other,
				unshare: [...unshare],
			});
			const stranger = client.as(user);
			try {
				const token = await create(owner, path);
				const used = await tryCall(stranger, call, await pass(session, token, user));
				await owner.call("close", token);
				const root = await owner.call("path_open", { path });
				const created = await tryCreate(stranger, await pass(session, root, user));
				await owner.call("close", root);
				return [
					step("root of another user namespace uses a token that it received", EPERM, used),
					step("root of another user namespace creates a token of the mount", EPERM, created),
				];
			} finally {
				await client.call("close", { handle: user });
			}
		},
	},
	{
		name: "token-created-in-the-initial-user-namespace",
		promise: "no token is created in the initial user namespace",
		async ask({ guest: { client } }) {
			const target = "/run/bpfgate-initial";
			const data = Object.entries(mountMasks(standIn))
				.map((option) => option.join("="))
				.join();
			await client.call("mount", { source: "bpf", target, fstype: "bpf", data });
			try {
				const created = await tryCreate(client, { path: target });
				return [step("root creates a token of its own mount", EOPNOTSUPP, created)];
			} finally {
				await client.call("unmount", { target });
			}
		},
	},
	{
		name: "token-created-from-a-subdirectory",
		promise: "a token is created from the root of a bpffs only",
		async ask(session) {
			const path = await session.bpffs(standIn);
			const created = await tryCreate(session.ownerClient, { path, folder: "below" });
			return [step("a token is created from a folder of the mount", EINVAL, created)];
		},
	},
	{
		name: "token-used-after-unmount",
		promise: "a token outlives its mount, but no new one is created after it",
		weakness: "unmounting the bpffs revokes no token that was created from it",
		async ask(session) {
			const client = await session.user(standIn.capabilities);
			const path = await session.mount(standIn);
			const token = await create(client, path);
			await session.unmount(path, { lazy: true });
			const used = await tryCall(client, call, token);
			const created = await tryCreate(client, { path });
			await client.call("close", token);
			return [
				step("a token is used after its bpffs was unmounted", 0, used),
				step("a token is created where the bpffs was mounted", EINVAL, created),
			];
		},
	},
	{
		name: "token-used-after-the-grantor-exited",
		promise: "tokens and their mount outlive the process that delegated",
		weakness: "ending the process that delegated revokes nothing",
		async ask(session) {
			const { client } = session.guest;
			const { user: grantor } = await client.call("user_start", { uid: 0, gid: 0 });
			const user = await session.user(standIn.capabilities);
			let path: string;
			let token: { handle: number };
			try {
				path = await session.mount(standIn, { grantor });
				token = await create(user, path);
			} finally {
				await client.call("close", { handle: grantor });
			}
			const used = await tryCall(user, call, token);
			await user.call("close", token);
			const created = await tryCreate(user, { path });
			await session.unmount(path);
			return [
				step("a token is used after its grantor exited", 0, used),
				step("a token is created from the mount after its grantor exited", 0, created),
			];
		},
	},
	{
		name: "token-used-without-capabilities",
		promise: "a token adds nothing to a process without cap_bpf in the user namespace",
		async ask(session) {
			const owner = session.ownerClient;
			const path = await session.bpffs(standIn);
			const token = await create(owner, path);
			const other = await session.join([], { uid: ids.other });
			try {
				const created = await tryCreate(other.client, { path });
				const used = await tryCall(other.client, call, await pass(session, token, other.handle));
				return [
					step("a process without capabilities creates a token", EPERM, created),
					step("a process without capabilities uses a token that it received", EPERM, used),
				];
			} finally {
				await session.leave(other);
				await owner.call("close", token);
			}
		},
	},
	{
		name: "token-passed-to-another-user",
		promise: "a process with the capabilities can use a token that it received",
		weakness: "a leaked token serves every process of the user namespace that holds cap_bpf",
		async ask(session) {
			const owner = session.ownerClient;
			const token = await create(owner, await session.bpffs(standIn));
			const other = await session.join(standIn.capabilities, { uid: ids.other });
			try {
				const given = await pass(session, token, other.handle);
				await owner.call("close", token);
				const used = await tryCall(other.client, call, given);
				return [step("another user with the capabilities uses a token that it received", 0, used)];
			} finally {
				await session.leave(other);
			}
		},
	},
	{
		name: "mount-at-a-path-and-by-descriptor",
		promise: "a mount at a path and one that is only a descriptor give equal tokens",
		async ask(session) {
			const { client } = session.guest;
			const owner = session.ownerClient;
			const user = await session.user(standIn.capabilities);
			const byPath = await session.tryAt(user, await session.bpffs(standIn), call);
			const handle = await mountToken(client, { user: session.owner, options: mountMasks(standIn) });
			const token = await owner.call("token_create", { handle });
			const byDescriptor = await tryCall(owner, call, token);
			await owner.call("close", token);
			await owner.call("close", { handle });
			return [
				step("a token of a mount at a path is used", 0, byPath),
				step("a token of a mount received over a unix socket is used", 0, byDescriptor),
			];
		},
	},
	{
		name: "mount-for-a-group",
		promise: "a bpffs with a group and mode 0750 gives tokens to the members of the group only",
		async ask(session) {
			const options = { gid: String(ids.group), mode: "0750" };
			const path = await session.mount(standIn, { options });
			const { capabilities } = standIn;
			const member = await session.join(capabilities, { uid: ids.other, groups: [ids.group] });
			const stranger = await session.join(capabilities, { uid: ids.other });
			try {
				return [
					step("a member of the group uses a token of it", 0, await session.tryAt(member.client, path, call)),
					step("another user creates a token of it", EACCES, await tryCreate(stranger.client, { path })),
				];
			} finally {
				for (const user of [member, stranger]) await session.leave(user);
				await session.unmount(path);
			}
		},
	},
	{
		name: "token-closed-after-use",
		promise: "what a token allowed outlives it, and nothing more is allowed",
		async ask(session) {
			const client = await session.user(standIn.capabilities);
			const token = await create(client, await session.bpffs(standIn));
			const { errno, fd } = await tokenCall(client, call, token);
			await client.call("close", token);
			const again = await tryCall(client, call);
			const steps = [
				step("a map is created with a token", 0, errno),
				step("another is created after the token was closed", EPERM, again),
			];
			if (fd === undefined) return steps;
			const { errno: kept } = await objInfo(client, { handle: fd }, 16);
			await client.call("close", { handle: fd });
			return [...steps, step("the first map is asked for its info", 0, kept)];
		},
	},
];
