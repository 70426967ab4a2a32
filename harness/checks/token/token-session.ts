// SPDX-License-Identifier: Apache-2.0
import { anyName } from "../../data/package/sections/token.js";
import { readText } from "../../machine/features/files.js";
import type { Held } from "../../machine/guest/bpf-attr.js";
import { type GuestClient, GuestError } from "../../machine/guest/client.js";
import { mountNamespace, mountToken } from "../../machine/guest/token-mount.js";
import type { Guest } from "../../machine/vm/guest.js";
import type { Delegation } from "./model/delegation.js";
import { mountMasks } from "./model/mount-options.js";
import { type TokenCall, tryCall } from "./token-call.js";
import { noUserNamespaces, requireTokens } from "./token-support.js";

/** User and group IDs outside of the user namespace; none has privileges there. */
export const ids = { owner: 1000, other: 1001, group: 2000 };
/** A package may be large, and the guest emulated. */
const patience_ms = 120_000;
/** The session's own tmpfs: the package's objects and the bpffs mounts are below it. */
const folder = "/run";
/** Where libbpf pins maps by name, and looks for a token by itself. */
export const defaultBpffs = "/sys/fs/bpf";
const unprivilegedDisabled = "/proc/sys/kernel/unprivileged_bpf_disabled";
/** Mounts that `bpffs` keeps: a search tries hundreds of delegations. */
const maxMounts = 4;

/** A process in a session's user namespace. */
export interface SessionUser {
	readonly handle: number;
	readonly client: GuestClient;
}

/**
 * A user namespace of an unprivileged user, with mount and network namespaces that belong to it,
 * and unprivileged eBPF disabled: without a BPF token nothing of bpf(2) that needs one succeeds.
 */
export class TokenSession {
	readonly #users = new Map<string, Promise<SessionUser>>();
	readonly #mounts = new Map<string, Promise<string>>();
	readonly #files = new Set<string>();
	#mounted = 0;

	private constructor(
		readonly guest: Guest,
		/** Handle of the process that created the namespaces; it has every capability in them. */
		readonly owner: number,
		/** Its mount namespace, a handle of the agent's. */
		private readonly mntns: number,
		/** Whether the guest allowed unprivileged eBPF before. */
		private readonly wasAllowed: boolean,
	) {}

	/** Opens a session. @throws TokensMissing without BPF tokens or user namespaces */
	static async open(guest: Guest): Promise<TokenSession> {
		const { client, kernel } = guest;
		await requireTokens(guest);
		const before = ((await readText(client, unprivilegedDisabled)) ?? "").trim();
		// 1 is as strict, and cannot be changed back.
		if (before === "0")
			await client.call("file_write", { path: unprivilegedDisabled, data: Buffer.from("2") });
		const { user: owner } = await client
			.call("user_start", {
				uid: ids.owner,
				gid: ids.owner,
				groups: [ids.group],
				unshare: ["user", "mnt", "net"],
				patience_ms,
			})
			.catch(async (error: unknown) => {
				if (before === "0") await restoreUnprivileged(client);
				throw error instanceof GuestError ? noUserNamespaces(kernel, error) : error;
			});
		const { handle: mntns } = await mountNamespace(client, { user: owner });
		// Mounted by the guest's root: in a tmpfs of the user namespace it could create no folders.
		const tmpfs = { source: "tmpfs", target: folder, fstype: "tmpfs", data: "mode=1777" };
		await client.call("mount", { ...tmpfs, mntns });
		// For maps that are pinned by name; nothing is delegated there.
		await mountToken(client, { user: owner, mntns, options: {}, path: defaultBpffs });
		return new TokenSession(guest, owner, mntns, before === "0");
	}

	get ownerClient(): GuestClient {
		return this.guest.client.as(this.owner);
	}

	/** A process in the namespace with exactly these capabilities, one for each list. */
	async user(capabilities: readonly string[]): Promise<GuestClient> {
		const key = capabilities.join();
		const known = this.#users.get(key) ?? this.join(capabilities);
		this.#users.set(key, known);
		return (await known).client;
	}

	/** A new process instead of one that `user` gave and that is lost. */
	async replace(capabilities: readonly string[]): Promise<GuestClient> {
		const key = capabilities.join();
		const lost = await this.#users.get(key);
		this.#users.delete(key);
		if (lost) await this.leave(lost);
		return this.user(capabilities);
	}

	/** A new process in the namespace, of another `uid` if need be; the caller closes it. */
	async join(
		capabilities: readonly string[],
		{ uid = ids.owner, groups = [], env = [] }: { uid?: number; groups?: number[]; env?: string[] } = {},
	): Promise<SessionUser> {
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

	/** Ends a process that `join` started. */
	async leave({ handle }: Pick<SessionUser, "handle">): Promise<void> {
		await this.guest.client.call("close", { handle });
	}

	/** Path of a bpffs with this delegation: one of the last few used, or a new one. */
	async bpffs(delegation: Delegation): Promise<string> {
		const key = JSON.stringify(mountMasks(delegation));
		const path = this.#mounts.get(key) ?? this.mount(delegation);
		this.#mounts.delete(key);
		this.#mounts.set(key, path);
		if (this.#mounts.size > maxMounts) {
			const [oldest = ""] = this.#mounts.keys();
			const unused = await this.#mounts.get(oldest);
			this.#mounts.delete(oldest);
			// Tokens of it may still be open.
			if (unused !== undefined) await this.unmount(unused, { lazy: true });
		}
		return path;
	}

	/** Mounts a bpffs that delegates, in the session's mount namespace. @returns its path */
	async mount(delegation: Delegation, { options = {}, grantor, path }: MountSettings = {}): Promise<string> {
		const at = path ?? `${folder}/bpf-${++this.#mounted}`;
		await mountToken(this.guest.client, {
			user: this.owner,
			mntns: this.mntns,
			...(grantor === undefined ? {} : { grantor }),
			options: { ...mountMasks(delegation), ...options },
			path: at,
		});
		return at;
	}

	/** @param lazy although files of the mount, such as tokens, are open */
	async unmount(path: string, { lazy = false } = {}): Promise<void> {
		await this.ownerClient.call("unmount", { target: path, ...(lazy ? { lazy } : {}) });
	}

	/**
	 * Calls bpf(2) as that user, with a token of the bpffs at `path` that is closed afterwards.
	 * @returns errno, also of creating the token; 0 on success
	 */
	async tryAt(client: GuestClient, path: string, call: TokenCall): Promise<number> {
		try {
			const token = await client.call("token_create", { path });
			try {
				return await tryCall(client, call, token);
			} finally {
				await client.call("close", token);
			}
		} catch (error) {
			if (error instanceof GuestError) return error.errno;
			throw error;
		}
	}

	/** The owner's open token; undefined where nothing is delegated: there is no such token. */
	async ownerToken(delegation: Delegation): Promise<Held | undefined> {
		try {
			return await this.ownerClient.call("token_create", { path: await this.bpffs(delegation) });
		} catch (error) {
			if (error instanceof GuestError && error.errnoName === "ENOENT") return undefined;
			throw error;
		}
	}

	/** Writes a file of the session's tmpfs, unless it is still there from before. */
	async put(path: string, data: Uint8Array): Promise<void> {
		if (this.#files.has(path)) return;
		await this.ownerClient.call("file_write", { path, data });
		this.#files.add(path);
	}

	/** The file was removed: `put` writes it again. */
	forget(path: string): void {
		this.#files.delete(path);
	}

	/** Ends all processes, and with them the namespaces and all that is mounted there. */
	async close(): Promise<void> {
		for (const user of this.#users.values()) {
			const joined = await user.catch(() => undefined);
			if (joined) await this.leave(joined);
		}
		this.#users.clear();
		const { client } = this.guest;
		await client.call("close", { handle: this.owner });
		await client.call("close", { handle: this.mntns });
		if (this.wasAllowed) await restoreUnprivileged(client);
	}
}

/** How a bpffs is mounted. */
export interface MountSettings {
	/** Of bpffs, besides the delegation: `mode`, `gid`. */
	options?: Record<string, string>;
	/** Handle of the process that delegates; default: the agent. */
	grantor?: number;
	/** Default: a new path in the session's tmpfs. */
	path?: string;
}

const restoreUnprivileged = (client: GuestClient) =>
	client.call("file_write", { path: unprivilegedDisabled, data: Buffer.from("0") });
