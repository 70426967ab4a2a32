// SPDX-License-Identifier: Apache-2.0
import { constants } from "node:os";
import { mapTypes } from "../../base/bpf.js";
import type { Reason } from "../../base/results.js";
import { programKinds } from "../../data/package/elf/section.js";
import { anyName } from "../../data/package/sections/token.js";
import { reason } from "../../data/reasons/registry/registry.js";
import type { Workbench } from "../../lab/check.js";
import type { Held } from "../../machine/guest/bpf-attr.js";
import { GuestError } from "../../machine/guest/client.js";
import type { Admitted } from "./model/abilities.js";
import { type Delegation, everything } from "./model/delegation.js";
import { type TokenCall, tryCall } from "./token-call.js";
import { TokenSession } from "./token-session.js";
import { TokensMissing } from "./token-support.js";

const { EPERM } = constants.errno;
const zeroAttachType = "cgroup_inet_ingress";
/** BTF IDs begin at 1, with vmlinux. */
const firstBtf = 1;

/** What a delegation allows on one kernel; all of it was tried. */
export interface Audit {
	/** Absent where there is a `reason`. */
	admitted?: Admitted;
	/** How many calls of bpf(2) were made with the token. */
	tried: number;
	/** Delegated commands for which this kernel takes no token. */
	unasked: string[];
	reason?: Reason;
}

/** Tries every program type with each attach type, every map type and every token command. */
export async function auditDelegation(delegation: Delegation, bench: Workbench): Promise<Audit> {
	let session: TokenSession;
	try {
		session = await TokenSession.open(await bench.guest());
	} catch (error) {
		if (!(error instanceof TokensMissing)) throw error;
		return { tried: 0, unasked: [], reason: error.reason };
	}
	try {
		return await audit(delegation, session, bench);
	} finally {
		await session.close();
	}
}

async function audit(delegation: Delegation, session: TokenSession, bench: Workbench): Promise<Audit> {
	const owner = session.ownerClient;
	const user = await session.user(delegation.capabilities);
	const all = await session.ownerToken(everything);
	const path = await session.bpffs(delegation);
	let token: Held;
	try {
		token = await user.call("token_create", { path });
	} catch (error) {
		if (!(error instanceof GuestError)) throw error;
		return { tried: 0, unasked: [], reason: noToken(error) };
	}
	let tried = 0;
	/** Whether the call gets past the permission check because of the token. */
	const admits = async (call: TokenCall): Promise<boolean> => {
		tried++;
		const errno = await tryCall(user, call, token);
		return errno === 0 || (errno !== EPERM && (await tryCall(user, call)) === EPERM);
	};
	const does = async (call: TokenCall, held: Held) => (await tryCall(user, call, held)) === 0;

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
	// A kernel that takes no token for this command refuses the call because of the flag.
	if ((await tryCall(owner, byId, all)) === 0) asked.add(byId.command);
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
	const causes: Partial<Record<string, string>> = {
		ENOENT: "nothing is delegated",
		EPERM: "the user does not hold cap_bpf in the user namespace",
	};
	return reason("no-token", { why: causes[errnoName] ?? message });
}
