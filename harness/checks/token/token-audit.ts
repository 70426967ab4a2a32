// SPDX-License-Identifier: Apache-2.0
import { constants } from "node:os";
import { mapTypes } from "../../base/bpf.js";
import type { Reason } from "../../base/results.js";
import { programKinds } from "../../data/package/elf/section.js";
import { anyName } from "../../data/package/sections/token.js";
import type { Workbench } from "../../lab/check.js";
import type { Held } from "../../machine/guest/bpf-attr.js";
import { GuestError } from "../../machine/guest/client.js";
import type { Admitted } from "./model/abilities.js";
import { type Delegation, everything } from "./model/delegation.js";
import { type BareCall, tryBare } from "./token-call.js";
import { TokenWorld } from "./token-session.js";
import { noNamespaces, whyNoTokens } from "./token-support.js";

const { EPERM } = constants.errno;
const zeroAttachType = "cgroup_inet_ingress";
/** Of vmlinux: BTF has ids from 1 on. */
const firstBtf = 1;

/** What a delegation lets in on one kernel, all of it tried. */
export interface Audit {
	/** Absent where there is a `reason`. */
	admitted?: Admitted;
	/** How many calls of bpf(2) were made with the token. */
	tried: number;
	/** Commands that are delegated and for which this kernel asks no token. */
	unasked: string[];
	reason?: Reason;
}

/**
 * Tries every type of program with each of its attach types, every type of map and every command
 * that takes a token.
 */
export async function auditDelegation(delegation: Delegation, bench: Workbench): Promise<Audit> {
	const none = { tried: 0, unasked: [] };
	const guest = await bench.guest();
	const why = await whyNoTokens(guest);
	if (why) return { ...none, reason: why };
	let world: TokenWorld;
	try {
		world = await TokenWorld.open(guest);
	} catch (error) {
		if (!(error instanceof GuestError) || error.op !== "user_start") throw error;
		return { ...none, reason: noNamespaces(bench.kernel, error) };
	}
	try {
		return await audit(delegation, world, bench);
	} finally {
		await world.close();
	}
}

async function audit(delegation: Delegation, world: TokenWorld, bench: Workbench): Promise<Audit> {
	const owner = world.ownerClient;
	const user = await world.user(delegation.capabilities);
	const all = await owner.call("token_create", { path: await world.mount(everything) });
	const path = await world.mount(delegation);
	let token: Held;
	try {
		token = await user.call("token_create", { path });
	} catch (error) {
		if (!(error instanceof GuestError)) throw error;
		return { tried: 0, unasked: [], reason: noToken(error) };
	}
	let tried = 0;
	/**
	 * Whether the token makes a difference to the kernel: what comes after it is the affair of the
	 * program or map.
	 */
	const admits = async (call: BareCall): Promise<boolean> => {
		tried++;
		const errno = await tryBare(user, call, token);
		return errno === 0 || (errno !== EPERM && (await tryBare(user, call)) === EPERM);
	};
	const does = async (call: BareCall, held: Held) => (await tryBare(user, call, held)) === 0;

	const programs = new Map<string, string[]>();
	const [readsKernel, writesUser] = [new Set<string>(), new Set<string>()];
	for (const { type: program, attachType: attachment = zeroAttachType } of programKinds) {
		if (await lacks(bench, program, attachment)) continue;
		if (!(await admits({ command: "prog_load", program, attachment }))) continue;
		programs.set(program, [...(programs.get(program) ?? []), attachment]);
		const load = { command: "prog_load", program, attachment } as const;
		if (await does({ ...load, does: "read-kernel" }, token)) readsKernel.add(program);
		if (await does({ ...load, does: "write-user" }, token)) writesUser.add(program);
	}
	const maps: string[] = [];
	for (const map of mapTypes.names.slice(1)) {
		if (await bench.lack(`map_type:${map}`)) continue;
		if (await admits({ command: "map_create", map })) maps.push(map);
	}
	const byId = { command: "btf_get_fd_by_id", id: firstBtf } as const;
	const commands = [
		...(maps.length > 0 ? ["map_create"] : []),
		...(programs.size > 0 ? ["prog_load"] : []),
		...((await does({ command: "btf_load" }, token)) ? ["btf_load"] : []),
		...((await does(byId, token)) ? [byId.command] : []),
	];
	const asked = new Set(["map_create", "prog_load", "btf_load"]);
	// A kernel that takes no token there refuses the call because of it.
	if ((await tryBare(owner, byId, all)) === 0) asked.add(byId.command);
	const unasked = delegation.commands.filter((name) => name !== anyName && !asked.has(name));
	return {
		admitted: { programs, maps, commands, readsKernel: [...readsKernel], writesUser: [...writesUser] },
		tried,
		unasked,
	};
}

async function lacks(bench: Workbench, program: string, attachment: string): Promise<boolean> {
	if (await bench.lack(`program_type:${program}`)) return true;
	return (await bench.lack(`attach_type:${attachment}`)) !== undefined;
}

function noToken({ errnoName, message }: GuestError): Reason {
	const why: Partial<Record<string, string>> = {
		ENOENT: "nothing is delegated",
		EPERM: "the user does not hold cap_bpf in the user namespace",
	};
	return {
		code: "no-token",
		message: `no token comes of it: ${why[errnoName] ?? message}`,
		hint: "the delegation lets nothing in",
	};
}
