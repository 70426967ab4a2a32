// SPDX-License-Identifier: Apache-2.0
import { InputError, type Place, within, wrong } from "../../base/errors.js";
import { namedType, writeLeaves } from "../package/btf/leaf.js";
import { leavesOf } from "../package/btf/leaves-of.js";
import type { Package, PackageFile } from "../package/package.js";
import { build } from "../packet/build.js";
import { fromHex } from "../packet/bytes.js";
import type { LinkType } from "../packet/dissect.js";
import { framesOf, packetOf } from "./captured.js";
import { contextStruct, encodeContext, structOpsArguments } from "./context.js";
import { testRunRules } from "./program-type.js";
import type { Packet, Step } from "./schema.js";
import type { Subject } from "./subject.js";

/** What BPF_PROG_TEST_RUN is given. */
export interface PreparedInput {
	/** Without metadata; undefined for programs that get none. */
	packet?: Uint8Array;
	/** In front of the packet. */
	metadata: Uint8Array;
	/** `raw`: it begins with its IP header. */
	linkType?: LinkType;
	/** As the kernel takes it, of XDP without the fields that say where the packet is. */
	context?: Uint8Array;
	/** XDP: the kernel is to be given and asked for a context, which it cannot before 5.15. */
	wantsContext: boolean;
}

const ethernetHeader = 14;
const maxPacket = 0x20000;
/** XDP_METADATA: at most 255 bytes, in whole words (net/core/xdp.h, xdp_metalen_invalid). */
const maxMetadata = 252;

export function prepareInput(
	pkg: Package,
	file: PackageFile,
	{ object, program, type }: Subject,
	step: Pick<Step, "packet" | "metadata" | "context" | "repeat">,
	place: Place,
): PreparedInput {
	const at = (key: string): Place => within(place, key);
	const fail = ({ file: of, pointer }: Place, reason: string) => new InputError(of, pointer, reason);
	const rules = testRunRules(type);
	if (rules.packet === "none" && step.packet)
		throw fail(at("packet"), `programs of type ${type} get no packet`);
	if (rules.packet === "needed" && !step.packet) throw fail(place, 'key "packet" is missing');
	if (rules.contextNeeded && !step.context)
		throw fail(place, `key "context" is missing; ${rules.contextNeeded}`);
	if (!rules.repeats && (step.repeat ?? 1) > 1)
		throw fail(at("repeat"), `a test run of a program of type ${type} is one run`);
	const packet = step.packet && packetBytes(pkg, file, step.packet, at("packet"));
	if (packet && packet.length < ethernetHeader)
		throw fail(
			at("packet"),
			`has ${packet.length} bytes; the kernel wants an Ethernet header of ${ethernetHeader}`,
		);
	const metadata =
		step.metadata === undefined ? new Uint8Array() : (fromHex(step.metadata) ?? new Uint8Array());
	if (metadata.length > 0 && type !== "xdp")
		throw fail(at("metadata"), `programs of type ${type} get no metadata`);
	if (metadata.length % 4 !== 0 || metadata.length > maxMetadata)
		throw fail(
			at("metadata"),
			`has ${metadata.length} bytes; whole words of 4, up to ${maxMetadata}, are possible`,
		);
	if (type === "netfilter" && packet) {
		const given = { ...hookOf(object, program.name, packet), ...step.context };
		const context = contextBytes(object, type, given, at("context"));
		const onWayOut = given.hook === NF_INET_LOCAL_OUT;
		if (!onWayOut) return { packet, metadata, context, wantsContext: false };
		const inner = packet.subarray(ethernetHeader);
		return { packet: inner, linkType: "raw", metadata, context, wantsContext: false };
	}
	// A raw tracepoint program that looks at its arguments is not run without any.
	const given = step.context ?? (type.startsWith("raw_tracepoint") ? {} : undefined);
	const context = given && contextBytes(object, type, given, at("context"));
	return {
		...(packet ? { packet } : {}),
		metadata,
		...(context ? { context } : {}),
		wantsContext: type === "xdp" && (context !== undefined || metadata.length > 0),
	};
}

/** uapi/linux/netfilter.h; packets made on the machine itself have no Ethernet header yet. */
const NF_INET_LOCAL_IN = 1;
const NF_INET_LOCAL_OUT = 3;
const NFPROTO_IPV4 = 2;
const NFPROTO_IPV6 = 10;

/** The hook that the manifest names, with the protocol family of the packet. */
function hookOf(
	object: Subject["object"],
	program: string,
	packet: Uint8Array,
): { hook: number; pf: number } {
	const hook = object.settings.programs?.[program]?.attach?.hooknum ?? NF_INET_LOCAL_IN;
	return { hook, pf: packet[12] === 0x86 && packet[13] === 0xdd ? NFPROTO_IPV6 : NFPROTO_IPV4 };
}

/** Fields that say where the packet is, which bpfgate knows. */
const placing = ["data", "data_end", "data_meta"];

function contextBytes(
	object: Subject["object"],
	type: string,
	context: Readonly<Record<string, unknown>>,
	place: Place,
): Uint8Array {
	const { hex, type: structName, value } = context;
	if (typeof hex === "string") {
		const bytes = fromHex(hex);
		if (bytes && Object.keys(context).length === 1) return bytes;
	}
	const struct = contextStruct(type);
	if (struct) {
		const wrong = type === "xdp" ? Object.keys(context).find((key) => placing.includes(key)) : undefined;
		if (wrong)
			throw new InputError(
				place.file,
				`${place.pointer}/${wrong}`,
				"follows from the packet and its metadata",
			);
		return encodeContext(struct, context, place);
	}
	if (type === "syscall" && structName !== undefined) {
		const valueType = namedType(object, structName, within(place, "type"));
		const bytes = new Uint8Array(valueType.size);
		writeLeaves(leavesOf(valueType, value, within(place, "value"), "given"), bytes);
		return bytes;
	}
	if (type === "struct_ops" && Array.isArray(context.args)) {
		const all = encodeContext(structOpsArguments, { args: context.args }, place);
		return all.subarray(0, context.args.length * 8);
	}
	throw wrong(place, `the context of a program of type ${type} is given as { "hex": "…" }`);
}

export function packetBytes(pkg: Package, file: PackageFile, packet: Packet, place: Place): Uint8Array {
	const { layers, hex, pcap, frame } = packet;
	const ways = [layers, hex, pcap].filter((way) => way !== undefined);
	if (ways.length !== 1) throw wrong(place, "must have exactly one of layers, hex and pcap");
	if ((pcap === undefined) !== (frame === undefined)) throw wrong(place, "pcap and frame belong together");
	if (layers) return build(layers, within(place, "layers"));
	if (hex !== undefined) {
		const bytes = fromHex(hex) ?? new Uint8Array();
		if (bytes.length > maxPacket)
			throw new InputError(
				place.file,
				`${place.pointer}/hex`,
				`has ${bytes.length} bytes; ${maxPacket} at most`,
			);
		return bytes;
	}
	const only = { from: frame ?? 0, to: frame ?? 0 };
	const [captured] = framesOf(pkg, file, pcap ?? "", [only], "frame", place);
	if (!captured) throw new InputError(place.file, `${place.pointer}/frame`, `there is no frame ${frame}`);
	return packetOf(captured);
}
