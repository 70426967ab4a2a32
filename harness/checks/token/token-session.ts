// SPDX-License-Identifier: Apache-2.0

import { anyName } from "../../data/package/sections/token.js";
import { readText } from "../../machine/features/files.js";
import type { GuestClient } from "../../machine/guest/client.js";
import { mountNamespace, mountToken } from "../../machine/guest/token-mount.js";
import type { Guest } from "../../machine/vm/guest.js";
import type { Delegation } from "./model/delegation.js";
import { mountMasks } from "./model/mount-options.js";

/** Who the users are outside of their user namespace: nobody in particular. */
export const ids = { owner: 1000, other: 1001, group: 2000 };
/** A package may be large, and the guest emulated. */
const patience_ms = 120_000;
/** The user's own tmpfs, where the package's objects and the file systems that delegate are put. */
const folder = "/run";
const switchOff = "/proc/sys/kernel/unprivileged_bpf_disabled";

/**
 * A user namespace of somebody without privileges, with mount and network namespaces that belong to
 * it. Whoever works in it joins with the capabilities that he is to have there.
 */
export class TokenWorld {
	readonly #users = new Map<string, Promise<{ handle: number; client: GuestClient }>>();
	#mounts = 0;

	private constructor(
		readonly guest: Guest,
		/** Handle of the user who made the namespaces, and has every capability in them. */
		readonly owner: number,
		/** His mount namespace, a handle of the agent's. */
		private readonly mntns: number,
		/** Whether the guest allowed eBPF to everybody before. */
		private readonly wasAllowed: boolean,
	) {}

	/**
	 * Makes one in a guest, where nobody without privileges gets on without a token from here on.
	 *
	 * @throws GuestError where there are no user namespaces
	 */
	static async open(guest: Guest): Promise<TokenWorld> {
		const { client } = guest;
		const before = ((await readText(client, switchOff)) ?? "").trim();
		// 1 is as strict, and for ever.
		if (before === "0") await client.call("file_write", { path: switchOff, data: Buffer.from("2") });
		const { user } = await client.call("user_start", {
			uid: ids.owner,
			gid: ids.owner,
			groups: [ids.group],
			unshare: ["user", "mnt", "net"],
			patience_ms,
		});
		const { handle: mntns } = await mountNamespace(client, { user });
		// The guest's root makes folders in it, who is nobody in a file system of the user
		// namespace.
		await client.call("mount", {
			source: "tmpfs",
			target: folder,
			fstype: "tmpfs",
			data: "mode=1777",
			mntns,
		});
		return new TokenWorld(guest, user, mntns, before === "0");
	}

	/** With every capability in the namespace. */
	get ownerClient(): GuestClient {
		return this.guest.client.as(this.owner);
	}

	/**
	 * Somebody in the namespace with these capabilities and no others; the same one for the same.
	 */
	async user(capabilities: readonly string[]): Promise<GuestClient> {
		const key = capabilities.join();
		const known = this.#users.get(key) ?? this.join(capabilities);
		this.#users.set(key, known);
		return (await known).client;
	}

	/** Somebody new in the namespace, of another `uid` if need be; to be closed by whoever asks. */
	async join(
		capabilities: readonly string[],
		{ uid = ids.owner, groups = [], env = [] }: { uid?: number; groups?: number[]; env?: string[] } = {},
	): Promise<{ handle: number; client: GuestClient }> {
		const { user } = await this.guest.client.call("user_start", {
			uid,
			gid: uid,
			groups,
			env,
			join: this.owner,
			patience_ms,
			...(capabilities.includes(anyName)
				? {}
				: { capabilities: capabilities.map((name) => name.toUpperCase()) }),
		});
		return { handle: user, client: this.guest.client.as(user) };
	}

	/** Mounts a bpffs that delegates, in the user's mount namespace. @returns where */
	async mount(
		delegation: Delegation,
		{
			options = {},
			grantor,
			path,
		}: { options?: Record<string, string>; grantor?: number; path?: string } = {},
	): Promise<string> {
		const at = path ?? `${folder}/bpf-${++this.#mounts}`;
		await mountToken(this.guest.client, {
			user: this.owner,
			mntns: this.mntns,
			...(grantor === undefined ? {} : { grantor }),
			options: { ...mountMasks(delegation), ...options },
			path: at,
		});
		return at;
	}

	/** `lazy`: although somebody has files of it open, such as tokens. */
	async unmount(path: string, { lazy = false } = {}): Promise<void> {
		await this.ownerClient.call("unmount", { target: path, ...(lazy ? { lazy } : {}) });
	}

	/** Everybody goes, and with them the namespaces and all that was mounted there. */
	async close(): Promise<void> {
		for (const user of this.#users.values()) {
			const joined = await user.catch(() => undefined);
			if (joined) await this.guest.client.call("close", { handle: joined.handle });
		}
		this.#users.clear();
		const { client } = this.guest;
		await client.call("close", { handle: this.owner });
		await client.call("close", { handle: this.mntns });
		if (this.wasAllowed) await client.call("file_write", { path: switchOff, data: Buffer.from("0") });
	}
}
