// SPDX-License-Identifier: Apache-2.0
import { InputError } from "../../../base/errors.js";
import { retvalNames, retvalNumber } from "../../../base/retval.js";
import type {
	ProgramReference,
	ReferencePlace,
	ChainPacket as WrittenPacket,
} from "../../../data/package/sections/chain.js";
import { type ChainHookFacts, chainHooks } from "../../../data/package/sections/chain-hooks.js";
import { chainPacketFrame } from "../../../data/package/sections/chain-packet.js";
import { longReference } from "../../../data/package/sections/chain-rules.js";
import type { Layers } from "../../../data/packet/layers.js";
import type { DeclaredChain, DeclaredMember } from "./declared-chain.js";
import type { Met } from "./order-differences.js";
import { verdictName } from "./proceed.js";

export interface ChainPacket {
	/** In a sentence: `a UDP packet over IPv4`, `the packet "dns"`. */
	what: string;
	/** From its Ethernet header on. Its number is its index in the list, from 0. */
	frame: Uint8Array;
	/** Offset of the number: 4 bytes in network order, after bpfgate's marker. */
	numberAt: number;
	/** Labels of the members that it should meet, in order, with expected verdicts where given. */
	meets?: Met[];
}

/** One of each kind that programs distinguish. */
const common: readonly { what: string; layers: Layers }[] = [
	{ what: "a UDP packet over IPv4", layers: [{ eth: {} }, { ipv4: {} }, { udp: {} }] },
	{ what: "a TCP SYN over IPv4", layers: [{ eth: {} }, { ipv4: {} }, { tcp: { flags: ["syn"] } }] },
	{ what: "an ICMP echo request", layers: [{ eth: {} }, { ipv4: {} }, { icmp: { id: 1, seq: 1 } }] },
	{ what: "a UDP packet over IPv6", layers: [{ eth: {} }, { ipv6: {} }, { udp: {} }] },
	{ what: "a TCP SYN over IPv6", layers: [{ eth: {} }, { ipv6: {} }, { tcp: { flags: ["syn"] } }] },
	{ what: "an ARP request", layers: [{ eth: { dst: "ff:ff:ff:ff:ff:ff" } }, { arp: {} }] },
	{ what: "a frame of EtherType 0x88b5", layers: [{ eth: { proto: "0x88b5" } }] },
];

/**
 * Packets for a chain on a device: its own, or bpfgate's.
 * @throws InputError for members that do not exist, and verdicts that their type does not have
 */
export function chainPackets(chain: DeclaredChain): ChainPacket[] {
	const { packets: sendable }: ChainHookFacts = chainHooks[chain.hook];
	if (!sendable) throw new Error(`packets cannot be sent through ${chain.hook}`);
	const { file, pointer, chain: written } = chain.source;
	if (!written.packets) return commonPackets();
	return written.packets.map((packet, index) => {
		const place = { file, pointer: `${pointer}/packets/${index}` };
		const { name, meets } = packet;
		return {
			what: name === undefined ? `packet ${index + 1} of the chain` : `the packet ${JSON.stringify(name)}`,
			...chainPacketFrame(packet, index, place),
			...(meets ? { meets: entriesOf(chain, meets, place) } : {}),
		};
	});
}

export function commonPackets(): ChainPacket[] {
	const place = { file: "bpfgate", pointer: "/packets" };
	return common.map(({ what, layers }, index) => ({
		what,
		...chainPacketFrame({ packet: { layers: [...layers] } }, index, place),
	}));
}

function entriesOf(
	chain: DeclaredChain,
	meets: NonNullable<WrittenPacket["meets"]>,
	{ file, pointer }: ReferencePlace,
): Met[] {
	const { programType } = chainHooks[chain.hook];
	const found: Met[] = [];
	for (const [index, met] of meets.entries()) {
		const at = `${pointer}/meets/${index}`;
		const { program: reference, verdict } = typeof met === "string" ? { program: met } : met;
		const wanted = memberOf(chain, reference, { file, pointer: at });
		const twin = found.findIndex(({ member }) => member === wanted.label);
		if (twin >= 0) throw new InputError(file, at, `${wanted.label} is already ${pointer}/meets/${twin}`);
		if (verdict === undefined) {
			found.push({ member: wanted.label });
			continue;
		}
		const number = retvalNumber(programType, verdict);
		if (number === undefined)
			throw new InputError(
				file,
				`${at}/verdict`,
				`${verdict} is not a verdict of ${programType}; expected one of ${retvalNames(programType).join(", ")}`,
			);
		found.push({ member: wanted.label, verdict: verdictName(chain.mechanism, programType, number) });
	}
	return found;
}

/** A text is a member's label, or a program name that only one has. @throws InputError */
function memberOf(
	{ members, source }: DeclaredChain,
	reference: ProgramReference,
	{ file, pointer }: ReferencePlace,
): DeclaredMember {
	const labelled = members.find(({ label }) => label === reference);
	if (labelled) return labelled;
	const wanted = longReference(reference);
	const ofPackage = typeof reference === "string" ? undefined : (wanted.package ?? source.owner?.name);
	const found = members.filter(
		({ pkg, object, program }) =>
			program.name === wanted.program &&
			(ofPackage ?? pkg.name) === pkg.name &&
			(wanted.version ?? pkg.version) === pkg.version &&
			(wanted.object ?? object.file) === object.file,
	);
	const [only, other] = found;
	const labels = (list: readonly DeclaredMember[]) => list.map(({ label }) => label).join(", ");
	if (!only)
		throw new InputError(
			file,
			pointer,
			`${JSON.stringify(wanted.program)} is not a member of the chain; expected one of ${labels(members)}`,
		);
	if (other)
		throw new InputError(file, pointer, `${JSON.stringify(wanted.program)} is ambiguous: ${labels(found)}`);
	return only;
}
