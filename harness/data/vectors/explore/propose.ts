// SPDX-License-Identifier: Apache-2.0
import { shown } from "../../../base/printable.js";
import type { LocatedLayer } from "../../packet/dissect.js";
import { type Layer, type Layers, layerKind } from "../../packet/layers.js";
import type { Random } from "../../packet/random.js";
import { contextStruct, decodeContext, encodeContext } from "../context.js";
import type { PreparedVector } from "../suite.js";
import type { Edit } from "./edit.js";
import type { Pool } from "./pool.js";
import { maxGrown, minPacket, type StepFacts } from "./step-facts.js";
import { otherValue } from "./values.js";

/** Lengths, offsets and protocols: fields about what comes next; programs read wrong. */
const structural =
	/^(ihl|tot_len|payload_len|len|doff|hdrlen|frag_off|protocol|nexthdr|proto|segments_left|opt_len|version|flags|options)$/;

/** A change to a step of a vector; undefined when nothing is there to be changed. */
export function proposeEdit(
	vector: PreparedVector,
	step: number,
	facts: StepFacts | undefined,
	random: Random,
	pool: Pool,
): Edit | undefined {
	const ofContext = () => contextEdit(vector, step, random);
	if (!facts) return ofContext();
	// Percent up to which each comes.
	const kinds = [
		[56, () => fieldEdit(facts, random, pool)],
		[68, () => insertion(facts, random)],
		[72, () => removal(facts, random)],
		[82, () => cutAt(facts, random.below(facts.bytes.length))],
		[90, () => byteEdit(facts, random)],
		[96, () => growth(facts, random)],
		[100, ofContext],
	] as const;
	for (let tries = 0; tries < 20; tries++) {
		const percent = random.below(100);
		const edit = kinds.find(([limit]) => percent < limit)?.[1]();
		if (edit) return edit;
	}
	return undefined;
}

/** `ipv4`, the second one `ipv4#2`. */
function layerName(located: readonly LocatedLayer[], index: number): string {
	const name = located[index]?.name ?? "";
	const before = located.slice(0, index).filter((layer) => layer.name === name).length;
	return before > 0 ? `${name}#${before + 1}` : name;
}

function fieldEdit({ bytes, located }: StepFacts, random: Random, pool: Pool): Edit | undefined {
	const headers = located.filter(({ name }) => name !== "payload");
	const layer = random.below(headers.length);
	const { name, fields, offset, header } = headers[layer]!;
	const kind = layerKind(name);
	if (!kind) return undefined;
	const absent = { value: undefined, bit: (offset + header) * 8, bits: 0 };
	const names = Object.keys(kind.fields).filter((field) => fields[field] ?? field === "options");
	const important = names.filter((field) => structural.test(field));
	const field = random.pick(important.length > 0 && random.chance(50) ? important : names);
	const schema = kind.fields[field];
	const found = fields[field] ?? absent;
	const value = schema && otherValue({ layer: name, field, located: found, schema, bytes }, random, pool);
	if (value === undefined) return undefined;
	const was = found.value === undefined ? "none" : shown(found.value);
	const text = `${layerName(located, layer)}.${field} ${was} → ${shown(value)}`;
	return { kind: "field", layer, field, value, text };
}

const vlanTags: Layers[] = [
	[{ vlan: { id: 1 } }],
	[{ vlan: { id: 0 } }],
	[{ vlan: { id: 1 } }, { vlan: { id: 2 } }],
	[{ vlan: { id: 1 } }, { vlan: { id: 2 } }, { vlan: { id: 3 } }],
];
const extensions: Layers[] = [
	[{ hopopts: {} }],
	[{ dstopts: {} }],
	[{ hopopts: {} }, { dstopts: {} }],
	[{ routing: { addresses: ["2001:db8::3"], segments_left: 0 } }],
	[{ fragment: {} }],
	[{ fragment: { frag_off: 1, flags: ["mf"] } }],
];
const outerHeaders: Layers[] = [[{ ipv4: {} }], [{ ipv6: {} }], [{ ipv4: {} }, { gre: {} }]];

function insertion({ located }: StepFacts, random: Random): Edit | undefined {
	const places: { layer: number; choices: Layers[] }[] = [];
	for (const [index, { name }] of located.entries()) {
		const layer = index + 1;
		if (layer >= located.length) break;
		if (name === "eth" || name === "vlan") places.push({ layer, choices: vlanTags });
		if (name === "ipv6") places.push({ layer, choices: extensions });
		if (["ipv4", "ipv6"].includes(located[layer]?.name ?? "")) places.push({ layer, choices: outerHeaders });
	}
	if (places.length === 0) return undefined;
	const { layer, choices } = random.pick(places);
	const layers = random.pick(choices);
	const names = layers.map((each: Layer) => Object.keys(each)[0]).join(" and ");
	return { kind: "insert", layer, layers, text: `${names} before ${layerName(located, layer)}` };
}

function removal({ located }: StepFacts, random: Random): Edit | undefined {
	if (located.length < 2) return undefined;
	const layer = 1 + random.below(located.length - 1);
	return { kind: "remove", layer, text: `${layerName(located, layer)} removed` };
}

/** A byte before and after each border between headers; not the packet's own length. */
export function cutsOf(facts: StepFacts): Edit[] {
	const borders = facts.located.map(({ offset, header }) => offset + header);
	const lengths = new Set(borders.flatMap((border) => [border, border - 1, border + 1]));
	return [...lengths]
		.filter((length) => length >= minPacket && length < facts.bytes.length)
		.flatMap((length) => cutAt(facts, length) ?? []);
}

function cutAt({ located, bytes }: StepFacts, length: number): Edit | undefined {
	if (length < minPacket || length >= bytes.length) return undefined;
	const index = located.findIndex(({ offset, header }) => length <= offset + header);
	const { offset = 0, header = 0 } = located[index] ?? {};
	const name = layerName(located, index);
	const where = length === offset + header ? `behind ${name}` : `inside ${name}`;
	return { kind: "cut", length, text: `cut ${where} to ${length} bytes` };
}

function byteEdit({ bytes }: StepFacts, random: Random): Edit {
	const offset = random.below(bytes.length);
	const was = bytes[offset] ?? 0;
	const value = random.pick([0, 0xff, was ^ (1 << random.below(8)), random.below(256)]);
	return { kind: "byte", offset, value, text: `byte ${offset} ${was} → ${value}` };
}

function growth({ bytes }: StepFacts, random: Random): Edit | undefined {
	const room = maxGrown - bytes.length;
	if (room <= 0) return undefined;
	const frame = 1514 - bytes.length;
	const length = Math.min(room, random.pick([1, 2, 4, 18, 60, 64, 256, 1024, ...(frame > 0 ? [frame] : [])]));
	const byte = random.pick([0, 0xff]);
	return {
		kind: "grow",
		bytes: new Uint8Array(length).fill(byte),
		text: `${length} bytes of ${byte} appended`,
	};
}

/** Context fields of test runs: test_run.c, convert___skb_to_skb, bpf_prog_test_run_sk_lookup. */
const settable: Readonly<Record<string, readonly string[]>> = {
	"struct __sk_buff": ["mark", "priority"],
	"struct bpf_sk_lookup": ["protocol", "remote_ip4", "remote_port", "local_ip4", "local_port"],
};

function contextEdit({ subject, steps }: PreparedVector, step: number, random: Random): Edit | undefined {
	const context = steps[step]?.context;
	const struct = contextStruct(subject.type);
	const fields = struct && settable[struct.name];
	if (struct && fields) {
		const values = decodeContext(struct, context ?? new Uint8Array());
		const field = random.pick(fields);
		const was = values[field];
		const value = field.endsWith("ip4")
			? random.pick(["0.0.0.0", "127.0.0.1", "255.255.255.255", random.ipv4()])
			: random.pick([0, 1, 0xffff, random.below(0x10000), Number(was) ^ (1 << random.below(16))]) % 0x10000;
		const place = { file: "context", pointer: "" };
		const bytes = encodeContext(struct, { ...values, [field]: value }, place);
		return { kind: "context", context: bytes, text: `context.${field} ${shown(was)} → ${shown(value)}` };
	}
	if (subject.type !== "syscall" || !context || context.length === 0) return undefined;
	const offset = random.below(context.length);
	const was = context[offset] ?? 0;
	const value = random.pick([0, 1, 0xff, was ^ (1 << random.below(8))]);
	const bytes = Uint8Array.from(context);
	bytes[offset] = value;
	return { kind: "context", context: bytes, text: `context byte ${offset} ${was} → ${value}` };
}
