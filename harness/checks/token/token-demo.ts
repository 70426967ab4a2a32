// SPDX-License-Identifier: Apache-2.0

import { errnoName } from "../../base/errno.js";
import { undecided } from "../../data/reasons/registry/registry.js";
import { readText } from "../../machine/features/files.js";
import { bpfObject } from "../../machine/guest/bpf-object.js";
import { type GuestClient, GuestError } from "../../machine/guest/client.js";
import type { Guest } from "../../machine/vm/guest.js";
import { type Delegation, delegationOf } from "./model/delegation.js";
import { printMountOptions } from "./model/mount-options.js";
import { ids, TokenSession } from "./token-session.js";
import { TokensMissing } from "./token-support.js";

/** One step of the demonstration, and its result. */
export interface DemoStep {
	what: string;
	/** `done`, the name of the kernel's errno, or `saw nothing`. */
	answer: string;
	expected: string;
}

/** For tracing only; libbpf needs the socket filter for its first probe. */
export const demoDelegation = delegationOf({
	commands: ["map_create", "prog_load"],
	maps: ["array"],
	programs: ["socket_filter", "raw_tracepoint"],
	attachments: ["cgroup_inet_ingress"],
	capabilities: ["cap_net_admin", "cap_perfmon", "cap_bpf"],
});

const objects = ["token-observer", "token-filter"] as const;
type ObjectName = (typeof objects)[number];
const pathOf = (name: ObjectName) => `/run/${name}.bpf.o`;

/**
 * A process is refused without a token, observes with one for tracing, and then loads no XDP.
 * @throws UndecidedError `no-tokens` on a kernel without them
 */
export async function* demonstrate(
	guest: Guest,
	delegation: Delegation = demoDelegation,
): AsyncIterable<DemoStep> {
	const session = await opened(guest);
	try {
		for (const name of objects) await session.put(pathOf(name), await bpfObject(guest.kernel.arch, name));
		const user = await session.user(delegation.capabilities);
		const status = (await readText(user, "/proc/self/status")) ?? "";
		const uid = /^Uid:\s+(\d+)/m.exec(status)?.[1];
		yield done(
			`a process starts with uid ${ids.owner}, which is ${uid} in its user namespace, and there with ${delegation.capabilities.join(", ")}`,
		);
		yield load(user, "token-observer", "", "it loads the observer (raw_tracepoint) without a token", "EPERM");
		const path = await session.mount(delegation);
		yield done(`root mounts a bpffs that delegates to this user namespace: ${printMountOptions(delegation)}`);
		const observes = "it loads and attaches the observer with a token of that bpffs, and sees system calls";
		yield load(user, "token-observer", path, observes, "done");
		yield load(user, "token-filter", path, "it loads an XDP program with the same token", "EPERM");
	} finally {
		await session.close();
	}
}

const done = (what: string): DemoStep => ({ what, answer: "done", expected: "done" });

async function opened(guest: Guest): Promise<TokenSession> {
	try {
		return await TokenSession.open(guest);
	} catch (error) {
		if (!(error instanceof TokensMissing)) throw error;
		throw undecided("no-tokens", { lack: error.message });
	}
}

/** Loads an object with libbpf; an observer that loads is attached, and must see something. */
async function load(
	client: GuestClient,
	name: ObjectName,
	token_path: string,
	what: string,
	expected: string,
): Promise<DemoStep> {
	try {
		const { object, programs } = await client.call("object_open", { path: pathOf(name), token_path });
		const { errno } = await client.call("object_load", { object, log_level: 0, log_bytes: 4096 });
		let seen = true;
		if (errno === 0 && name === "token-observer") {
			const program = programs[0]?.name ?? "";
			const { link } = await client.call("attach", { object, program, hook: "auto" });
			const { entries } = await client.call("map_dump", { object, map: "calls" });
			seen = entries.some(({ value }) => value.some((byte) => byte !== 0));
			await client.call("detach", { link });
		}
		await client.call("object_close", { object });
		const answer = errno !== 0 ? errnoName(errno) : seen ? "done" : "saw nothing";
		return { what, answer, expected };
	} catch (error) {
		if (error instanceof GuestError) return { what, answer: error.errnoName, expected };
		throw error;
	}
}
