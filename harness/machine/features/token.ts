// SPDX-License-Identifier: Apache-2.0
import { constants } from "node:os";
import { BpfAttr } from "../guest/bpf-attr.js";
import { tryBpf } from "../guest/bpf-call.js";
import type { GuestClient } from "../guest/client.js";
import { GuestError } from "../guest/client.js";
import type { Features } from "./features.js";
import { readText } from "./files.js";

const OPTIONS = ["delegate_cmds", "delegate_maps", "delegate_progs", "delegate_attachs"];
const MOUNT_POINT = "/tmp/bpfgate-delegation";

/** Whether tokens can be created, and which options bpffs shows: an old one ignores them. */
export async function askToken(client: GuestClient): Promise<Features["token"]> {
	// The kernel knows the command if it refuses only the file descriptor.
	const create = await tryBpf(client, "token_create", new BpfAttr(8).s32(4, -1));
	const mount_options: string[] = [];
	for (const option of OPTIONS) if (await shown(client, option)) mount_options.push(option);
	return { create: create.errno === constants.errno.EBADF, mount_options };
}

async function shown(client: GuestClient, option: string): Promise<boolean> {
	const mount = { source: "bpf", target: MOUNT_POINT, fstype: "bpf", data: `${option}=any` };
	try {
		await client.call("mount", mount);
	} catch (error) {
		if (error instanceof GuestError) return false;
		throw error;
	}
	const mounts = (await readText(client, "/proc/self/mounts")) ?? "";
	await client.call("unmount", { target: MOUNT_POINT });
	const line = mounts.split("\n").find((each) => each.split(" ")[1] === MOUNT_POINT) ?? "";
	return line.includes(`${option}=any`);
}
