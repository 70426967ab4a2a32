// SPDX-License-Identifier: Apache-2.0
import type { GuestClient } from "./client.js";

/** A bpffs with delegation to the user namespace of a user. */
export interface TokenMount {
	/** The user whose namespace makes tokens; needs CAP_SYS_ADMIN and a mount namespace there. */
	user: number;
	/** The grantor: a user of the initial namespace with CAP_SYS_ADMIN; default: the agent. */
	grantor?: number;
	/** bpffs: `delegate_cmds`, `_maps`, `_progs`, `_attachs`, `mode`, `uid`, `gid`. */
	options: Readonly<Record<string, string>>;
	/** Where it is mounted in the user's mount namespace; else the user gets a descriptor. */
	path?: string;
	/** The agent's handle for the user's mount namespace; by default opened for each mount. */
	mntns?: number;
}

/**
 * As container managers do: the user opens the file system, the grantor configures and mounts it.
 * @returns the user's handle of the mount, when it has no path
 * @throws GuestError of the step that was refused
 */
export async function mountToken(
	client: GuestClient,
	mount: TokenMount & { path: string },
): Promise<undefined>;
export async function mountToken(
	client: GuestClient,
	mount: TokenMount & { path?: undefined },
): Promise<number>;
export async function mountToken(client: GuestClient, mount: TokenMount): Promise<number | undefined> {
	const { user, grantor, options, path } = mount;
	const as = grantor === undefined ? client : client.as(grantor);
	const to = grantor === undefined ? {} : { to: grantor };
	const opened = await client.as(user).call("fs_open", { fstype: "bpf" });
	try {
		const { handle } = await client.call("fd_pass", { handle: opened.handle, from: user, ...to });
		let mounted: number;
		try {
			const settings = Object.entries(options).map(([key, value]) => ({ key, value }));
			await as.call("fs_config", { handle, options: settings, create: true });
			mounted = (await as.call("fs_mount", { handle })).handle;
		} finally {
			await as.call("close", { handle });
		}
		try {
			if (path === undefined) {
				const from = grantor === undefined ? {} : { from: grantor };
				return (await client.call("fd_pass", { handle: mounted, ...from, to: user })).handle;
			}
			if (grantor === undefined && mount.mntns !== undefined) {
				await as.call("mount_move", { handle: mounted, path, mntns: mount.mntns });
				return undefined;
			}
			const { handle: mntns } = await mountNamespace(client, mount);
			try {
				await as.call("mount_move", { handle: mounted, path, mntns });
			} finally {
				await as.call("close", { handle: mntns });
			}
			return undefined;
		} finally {
			await as.call("close", { handle: mounted });
		}
	} finally {
		await client.as(user).call("close", opened);
	}
}

export async function mountNamespace(
	client: GuestClient,
	{ user, grantor }: Pick<TokenMount, "user" | "grantor">,
): Promise<{ handle: number }> {
	const own = await client.as(user).call("path_open", { path: "/proc/self/ns/mnt" });
	try {
		return await client.call("fd_pass", {
			...{ handle: own.handle, from: user },
			...(grantor === undefined ? {} : { to: grantor }),
		});
	} finally {
		await client.as(user).call("close", own);
	}
}
