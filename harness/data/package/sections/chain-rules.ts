// SPDX-License-Identifier: Apache-2.0
import { InputError } from "../../../base/errors.js";
import type { Chain, ChainMember, ProgramReference } from "./chain.js";
import { type ChainHookFacts, type ChainMechanism, chainHooks, mechanismFacts } from "./chain-hooks.js";
import { chainPacketFrame } from "./chain-packet.js";

/** A reference with everything spelt out that was left out. */
export function longReference(reference: ProgramReference): Exclude<ProgramReference, string> {
	return typeof reference === "string" ? { program: reference } : reference;
}

/** Where the name of a referred program stands, below the reference's own pointer. */
export function programPointer(pointer: string, reference: ProgramReference): string {
	return typeof reference === "string" ? pointer : `${pointer}/program`;
}

/** Mechanisms that can make the chain, the preferred one first. */
export function possibleMechanisms(chain: Chain): ChainMechanism[] {
	if (chain.mechanism !== undefined) return [chain.mechanism];
	const ofHook: readonly ChainMechanism[] = chainHooks[chain.hook].mechanisms;
	if (chain.root_program) return ofHook.filter((mechanism) => mechanism === "tail_call");
	const listed = ofHook.filter((mechanism) => mechanism !== "tail_call");
	if (chain.members.every(({ priority }) => priority === undefined)) return listed;
	const ranked = listed.filter((mechanism) => mechanismFacts[mechanism].priority !== undefined);
	return ranked.length > 0 ? ranked : listed;
}

/** Checks of chains what needs no object. @throws InputError with the JSON pointer */
export function checkChainRules(file: string, chains: readonly Chain[]): void {
	const names = new Map<string, number>();
	for (const [index, chain] of chains.entries()) {
		const pointer = `/chains/${index}`;
		const other = names.get(chain.name);
		if (other !== undefined)
			throw new InputError(file, `${pointer}/name`, `is the name of /chains/${other} already`);
		names.set(chain.name, index);
		const fail: Fail = (place, reason) => new InputError(file, `${pointer}${place}`, reason);
		checkChain(fail, chain);
		checkPackets(fail, { file, pointer }, chain);
	}
}

type Fail = (place: string, reason: string) => InputError;

function checkChain(fail: Fail, chain: Chain): void {
	const fitting: readonly ChainMechanism[] = chainHooks[chain.hook].mechanisms;
	if (chain.mechanism !== undefined && !fitting.includes(chain.mechanism))
		throw fail(
			"/mechanism",
			`${chain.mechanism} makes no chain on ${chain.hook}; ${fitting.join(", ")} ${fitting.length === 1 ? "does" : "do"}`,
		);
	const possible = possibleMechanisms(chain);
	const mechanism = possible[0];
	if (mechanism === undefined)
		throw fail("/root_program", `is for tail calls, which make no chain on ${chain.hook}`);
	if (chain.root_program && mechanism !== "tail_call")
		throw fail("/root_program", `is for tail calls; ${mechanism} has no root program`);
	if (mechanism === "tail_call" && !chain.root_program)
		throw fail("", 'key "root_program" is missing, which tail calls need');
	const facts = mechanismFacts[mechanism];
	if (chain.members.length > facts.maxMembers)
		throw fail(
			"/members",
			`are ${chain.members.length}, more than the ${facts.maxMembers} that ${mechanism} takes`,
		);
	for (const [index, member] of chain.members.entries())
		checkMember((place, reason) => fail(`/members/${index}${place}`, reason), member, mechanism);
	checkTwice(fail, chain);
	checkFilled(fail, chain);
	checkPriorities(fail, chain.members, mechanism);
	if (mechanism === "tail_call") checkLinks(fail, chain.members);
	checkLevels(fail, chain.members);
}

function checkMember(fail: Fail, member: ChainMember, mechanism: ChainMechanism): void {
	checkReference(fail, member.program);
	const { priority, proceeds } = mechanismFacts[mechanism];
	if (member.priority !== undefined) {
		if (!priority)
			throw fail("/priority", `means nothing to ${mechanism}: the order is that of the list of members`);
		if (member.priority < priority.min || member.priority > priority.max)
			throw fail("/priority", `is a ${priority.word}, from ${priority.min} to ${priority.max}`);
	}
	if (member.proceed_on && !proceeds)
		throw fail("/proceed_on", `is not ours to say: the kernel has fixed who goes on with ${mechanism}`);
	if (member.next !== undefined && mechanism !== "tail_call") throw fail("/next", "is for tail calls");
	for (const key of ["cgroup", "preorder"] as const)
		if (member[key] !== undefined && mechanism !== "cgroup")
			throw fail(`/${key}`, "is for chains on cgroups");
}

function checkReference(fail: Fail, reference: ProgramReference): void {
	const { package: name, version } = longReference(reference);
	if (version !== undefined && name === undefined)
		throw fail("/program/version", "is the version of no package: none is named");
}

/** No mechanism takes a program twice: EEXIST, EINVAL, or a prog_array would loop. */
function checkTwice(fail: Fail, { members }: Chain): void {
	const seen = new Map<string, number>();
	for (const [index, { program }] of members.entries()) {
		const { package: name, object, program: title } = longReference(program);
		const key = JSON.stringify([name, object, title]);
		const other = seen.get(key);
		if (other !== undefined)
			throw fail(`/members/${index}/program`, `${JSON.stringify(title)} is /members/${other} already`);
		seen.set(key, index);
	}
}

/** A loader fills the maps of what it loads. */
function checkFilled(fail: Fail, { loader, members, root_program: root }: Chain): void {
	const parts = [
		...members.map((member, index) => ({ ...member, at: `/members/${index}` })),
		...(root ? [{ ...root, at: "/root_program" }] : []),
	];
	const filled = parts.find(({ maps_before }) => maps_before !== undefined);
	if (loader && filled)
		throw fail(`${filled.at}/maps_before`, "cannot be set: the chain's own loader fills the maps");
}

function checkPriorities(fail: Fail, members: readonly ChainMember[], mechanism: ChainMechanism): void {
	const without = members.findIndex(({ priority }) => priority === undefined);
	const having = members.findIndex(({ priority }) => priority !== undefined);
	if (without >= 0 && having >= 0)
		throw fail(`/members/${without}`, `has no priority, though /members/${having} has one: all or none`);
	if (having < 0) return;
	const seen = new Map<string, number>();
	for (const [index, { priority, program }] of members.entries()) {
		// pref is a group to tc, and libxdp looks at the name next.
		if (mechanism === "tc") return;
		const name = mechanism === "dispatcher" ? longReference(program).program : "";
		const key = `${priority} ${name}`;
		const other = seen.get(key);
		if (other !== undefined)
			throw fail(
				`/members/${index}/priority`,
				mechanism === "dispatcher"
					? `${priority} is the run_prio of /members/${other} too, a program of the same name: libxdp would order them by their code`
					: `${priority} is the seq_id of /members/${other} already`,
			);
		seen.set(key, index);
	}
}

/** In the order of seq_id each member but the last needs a place for the one after it. */
function checkLinks(fail: Fail, members: readonly ChainMember[]): void {
	const order = [...members.entries()].sort(([i, a], [j, b]) => (a.priority ?? i) - (b.priority ?? j));
	for (const [index, { next }] of order.slice(0, -1))
		if (next === undefined)
			throw fail(`/members/${index}`, 'key "next" is missing: its prog_array, for the member after it');
}

/** A process is in one cgroup: members on two branches never meet the same packet. */
function checkLevels(fail: Fail, members: readonly ChainMember[]): void {
	const paths = members.map(({ cgroup = "" }) => cgroup);
	const deepest = paths.reduce((a, b) => (b.length > a.length ? b : a), "");
	for (const [index, path] of paths.entries())
		if (path !== "" && path !== deepest && !deepest.startsWith(`${path}/`))
			throw fail(`/members/${index}/cgroup`, `${JSON.stringify(path)} is not on the way to "${deepest}"`);
}

/** Whom they meet is looked at where the members' labels are known. */
function checkPackets(fail: Fail, { file, pointer }: { file: string; pointer: string }, chain: Chain): void {
	const { packets: sendable }: ChainHookFacts = chainHooks[chain.hook];
	if (chain.packets && !sendable)
		throw fail("/packets", `cannot be sent through ${chain.hook}: bpfgate makes calls on sockets there`);
	const names = new Map<string, number>();
	for (const [index, packet] of (chain.packets ?? []).entries()) {
		chainPacketFrame(packet, index, { file, pointer: `${pointer}/packets/${index}` });
		const other = packet.name === undefined ? undefined : names.get(packet.name);
		if (other !== undefined) throw fail(`/packets/${index}/name`, `is the name of /packets/${other} already`);
		if (packet.name !== undefined) names.set(packet.name, index);
		for (const [at, met] of (packet.meets ?? []).entries())
			if (typeof met !== "string")
				checkReference((place, reason) => fail(`/packets/${index}/meets/${at}${place}`, reason), met.program);
	}
}
