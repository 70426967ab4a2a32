// SPDX-License-Identifier: Apache-2.0
import { ENOENT } from "../../../base/errno.js";
import type { Held } from "../../../machine/guest/bpf-attr.js";
import { SOL_SOCKET, soAttachBpf } from "../points.js";
import type { Stage } from "../stage.js";
import type { Attempt, Technique } from "../technique.js";
import { passing } from "../verdicts.js";

const SO_DETACH_FILTER = 27;
/** The agent, which has the socket. */
const holder = 1;

/** Sets an option of each socket that its holder has. */
async function onSockets({ guest }: Stage, call: string, option: number, value?: Held): Promise<Attempt> {
	const { client } = guest;
	const { handles } = await client.call("fd_take", { pid: holder, file: "socket:" });
	const answers: number[] = [];
	for (const handle of handles) {
		const wanted = { handle, level: SOL_SOCKET, option, ...(value ? { value } : {}) };
		answers.push((await client.call("socket_option", wanted)).errno);
		await client.call("close", { handle });
	}
	// Others of its sockets have no filter: ENOENT.
	const errno = answers.includes(0) ? 0 : (answers.find((each) => each !== ENOENT) ?? ENOENT);
	return { call, errno };
}

export const socketTechniques: readonly Technique[] = [
	{
		name: "socket-filter-detached",
		group: "hook",
		summary:
			"takes the socket out of its holder with pidfd_getfd(2) and detaches its filter (SO_DETACH_FILTER)",
		needs: "root",
		kinds: ["socket_filter"],
		betrayedBy: ["bpf"],
		advice: "lock the filter (SO_LOCK_FILTER): the kernel answers EPERM then",
		carryOut: (stage) => onSockets(stage, "SO_DETACH_FILTER", SO_DETACH_FILTER),
	},
	{
		name: "socket-filter-replaced",
		group: "hook",
		summary:
			"takes the socket out of its holder with pidfd_getfd(2) and attaches another filter (SO_ATTACH_BPF)",
		needs: "root",
		kinds: ["socket_filter"],
		betrayedBy: ["bpf"],
		advice: "lock the filter (SO_LOCK_FILTER): the kernel answers EPERM then",
		intruder: (stage) => ({ verdict: passing(stage.kind) }),
		carryOut: (stage, intruder) => onSockets(stage, "SO_ATTACH_BPF", soAttachBpf, intruder),
	},
];
