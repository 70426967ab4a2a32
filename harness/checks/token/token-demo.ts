// SPDX-License-Identifier: Apache-2.0

import { errnoName } from "../../base/errno.js";
import { UndecidedError } from "../../base/errors.js";
import { readText } from "../../machine/features/files.js";
import { bpfObject } from "../../machine/guest/bpf-object.js";
import { type GuestClient, GuestError } from "../../machine/guest/client.js";
import type { Guest } from "../../machine/vm/guest.js";
import { type Delegation, delegationOf } from "./model/delegation.js";
import { printMountOptions } from "./model/mount-options.js";
import { ids, TokenWorld } from "./token-session.js";
import { noNamespaces, whyNoTokens } from "./token-support.js";

/** One thing that was done in the demonstration, and what came of it. */
export interface DemoStep {
	what: string;
	/** `done`, the errno that the kernel said, or `saw nothing`. */
	answer: string;
	expected: string;
}

/**
 * For tracing, and nothing else: libbpf needs the socket filter to see that it can load anything.
 */
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
 * The same process of the same user loads an observer without a token, and is refused; with a token
 * for tracing it loads and attaches it, and sees something; with that same token an XDP program is
 * refused.
 *
 * @param delegation other than one for tracing, something is not as expected
 * @throws UndecidedError `no-tokens` on a kernel without them
 */
export async function* demonstrate(
	guest: Guest,
	delegation: Delegation = demoDelegation,
): AsyncIterable<DemoStep> {
	const why = await whyNoTokens(guest);
	if (why) throw new UndecidedError("no-tokens", why.message, why.hint);
	const world = await opened(guest);
	try {
		for (const name of objects)
			await world.ownerClient.call("file_write", {
				path: pathOf(name),
				data: await bpfObject(guest.kernel.arch, name),
			});
		const user = await world.user(delegation.capabilities);
		const status = (await readText(user, "/proc/self/status")) ?? "";
		const uid = /^Uid:\s+(\d+)/m.exec(status)?.[1];
		yield {
			what: `a user starts, ${ids.owner} outside and ${uid} inside of a user namespace, with ${delegation.capabilities.join(", ")} there`,
			answer: "done",
			expected: "done",
		};
		yield await load(
			user,
			"token-observer",
			"",
			"loads the observer (raw_tracepoint) without a token",
			"EPERM",
		);
		const path = await world.mount(delegation);
		yield {
			what: `root of the machine mounts a bpffs for that user namespace: ${printMountOptions(delegation)}`,
			answer: "done",
			expected: "done",
		};
		yield await load(
			user,
			"token-observer",
			path,
			"the same process loads and attaches the observer with a token of it, and sees system calls",
			"done",
		);
		yield await load(
			user,
			"token-filter",
			path,
			"the same process loads an XDP program with the same token",
			"EPERM",
		);
	} finally {
		await world.close();
	}
}

async function opened(guest: Guest): Promise<TokenWorld> {
	try {
		return await TokenWorld.open(guest);
	} catch (error) {
		if (!(error instanceof GuestError) || error.op !== "user_start") throw error;
		const { message, hint } = noNamespaces(guest.kernel, error);
		throw new UndecidedError("no-tokens", message, hint);
	}
}

/**
 * Loads an object with libbpf; the observer is attached where it was loaded, and has to see
 * something.
 */
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
