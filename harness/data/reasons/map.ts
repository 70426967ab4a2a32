// SPDX-License-Identifier: Apache-2.0
import { E2BIG, EINVAL, ENOMEM, ENOTSUPP, EOPNOTSUPP, EPERM, errnoName } from "../../base/errno.js";
import type { Explanation, MapAttributes, MapFacts } from "./facts.js";
import { libbpfLines } from "./libbpf.js";
import { wrongAttribute } from "./map-attributes.js";
import { explanation, featureWords, quotable } from "./sentence.js";

/** Why a map was not created: error number, sizes and the map type's state; there is no log. */
export function explainMap(facts: MapFacts): Explanation {
	const { map, errno } = facts;
	const sizes = [
		`type ${map.type}`,
		...(["key_size", "value_size", "max_entries"] as const).flatMap((key) =>
			map[key] === undefined ? [] : [`${key} ${map[key]}`],
		),
		...(map.flags ? [`flags 0x${map.flags.toString(16)}`] : []),
	].join(", ");
	const known = { errno_name: errnoName(errno), map: map.name, map_type: map.type };
	const said = libbpfLines(facts.libbpfLog, undefined);

	const feature = featureWords(`map_type:${map.type}`, facts);
	const state = feature.facts.feature_state;
	if (state !== undefined && state !== "present") {
		const words = `map ${map.name} is of type ${map.type}, which this kernel does not have${feature.words}`;
		return explanation(feature.code ?? "map-type-unsupported", words, { ...known, ...feature.facts });
	}
	const placed = explainPin(map.name, sizes, said, known) ?? explainSlot(facts, said, known);
	if (placed) return placed;
	const inner = /^map '[^']*': (?<what>.{0,60}inner.{0,120})/.exec(
		said.find((line) => line.includes("inner")) ?? "",
	);
	if (inner)
		return explanation(
			"map-attributes",
			`map ${map.name} has no usable inner map: ${quotable(inner.groups!.what!)}`,
			known,
		);
	if (map.type === "ringbuf" && errno === EINVAL && (map.key_size || map.value_size)) {
		const found = `key_size ${map.key_size ?? 0} and value_size ${map.value_size ?? 0}`;
		const words = `map ${map.name} is a ring buffer with ${found}; both must be 0`;
		return explanation("map-attributes", words, known);
	}
	const wrong = errno === EINVAL || errno === E2BIG ? wrongAttribute(map, facts.inner) : undefined;
	if (wrong) {
		const words = `map ${map.name} (${sizes}) was refused (${errnoName(errno)}): ${wrong.what}`;
		return explanation("map-attributes", words, known, wrong.hint);
	}
	return explainMapErrno(map.name, sizes, errno, known);
}

/** `couldn't reuse pinned map at '/sys/fs/bpf/x': parameter mismatch`: another map is there. */
function explainPin(
	name: string,
	sizes: string,
	said: readonly string[],
	known: Record<string, unknown>,
): Explanation | undefined {
	for (const line of said) {
		const reused = /^couldn't reuse pinned map at '(?<path>[^']+)': parameter mismatch/.exec(line);
		if (reused) {
			const words = `map ${name} (${sizes}) cannot be the map that is already pinned at ${reused.groups!.path}, which has another definition`;
			return explanation("pin-mismatch", words, { ...known, libbpf_said: line });
		}
		const refused =
			/(?:failed to auto-pin at|couldn't retrieve pinned map) '(?<path>[^']+)': (?<errno>.{1,40})/.exec(line);
		if (!refused) continue;
		const { path, errno } = refused.groups!;
		const words = `map ${name} cannot be pinned at ${path}: ${errno}`;
		return explanation("pin-refused", words, { ...known, libbpf_said: line });
	}
	return undefined;
}

/** `failed to initialize slot [1] to map 'b'`: a member differs from the template. */
function explainSlot(
	{ map, inner, others }: MapFacts,
	said: readonly string[],
	known: Record<string, unknown>,
): Explanation | undefined {
	for (const line of said) {
		const match = /^map '[^']*': failed to initialize slot \[(?<slot>\d+)\] to map '(?<member>[^']+)'/.exec(
			line,
		);
		if (!match) continue;
		const { slot, member } = match.groups!;
		const found = others?.get(member!);
		const different = found && inner ? differences(found, inner) : [];
		const why = different.length > 0 ? `it has ${different.join(", ")}` : "it is not like the template";
		return explanation(
			"map-attributes",
			`map ${map.name} does not take map ${member} in slot ${slot}: ${why}`,
			{ ...known, libbpf_said: line },
			different.length === 1 && different[0]!.startsWith("max_entries")
				? `give ${member} and the template the same max_entries, or set BPF_F_INNER_MAP on both (array maps, from 5.10)`
				: `give ${member} the type, sizes and flags of the template`,
		);
	}
	return undefined;
}

function differences(found: MapAttributes, template: MapAttributes): string[] {
	return (["type", "key_size", "value_size", "max_entries", "flags"] as const)
		.filter((key) => (found[key] ?? 0) !== (template[key] ?? 0))
		.map((key) => `${key} ${found[key] ?? 0}, and the template has ${template[key] ?? 0}`);
}

function explainMapErrno(
	name: string,
	sizes: string,
	errno: number,
	known: Record<string, unknown>,
): Explanation {
	switch (errno) {
		case ENOMEM:
			return explanation("out-of-memory", `there was not enough memory for map ${name} (${sizes})`, known);
		case EPERM:
			return explanation("permission", `this caller may not create map ${name} (${sizes})`, known);
		case EINVAL:
		case E2BIG:
		case EOPNOTSUPP:
		case ENOTSUPP: {
			const words = `the kernel does not take map ${name} as it is (${sizes}): ${errnoName(errno)}`;
			return explanation("map-attributes", words, known);
		}
		default:
			return explanation("rejected", `map ${name} (${sizes}) was not created: ${errnoName(errno)}`, known);
	}
}

/** `map 'x': failed to create: -EINVAL` of libbpf: the program itself was never tried. */
export function explainMapLines(
	said: readonly string[],
	subject: string,
	known: Record<string, unknown>,
): Explanation | undefined {
	for (const line of said) {
		const match =
			/^map '(?<map>[^']*)': failed to (?:create(?: inner map)?|initialize slot \[\d+\] to \S+ '[^']*' fd=\d+): -?(?<errno>[A-Z0-9]+)/.exec(
				line,
			);
		if (!match) continue;
		const { map, errno } = match.groups!;
		const words = `${subject} was not tried: map ${map} of its object could not be created (${errno})`;
		return explanation("not-attempted", words, { ...known, map, map_errno_name: errno, libbpf_said: line });
	}
	return undefined;
}
