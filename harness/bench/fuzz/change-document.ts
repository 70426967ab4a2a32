// SPDX-License-Identifier: Apache-2.0
import fc from "fast-check";

/** One member of a JSON document gets another value, another name, a twin, or goes. */
export interface MemberChange {
	/** Which one of all, modulo their number. */
	at: number;
	kind: "value" | "name" | "remove" | "twin";
	value: unknown;
	name: string;
}

const names = ["__proto__", "constructor", "toString", "", "\u202e", "a\nb", "/", "~1", "x".repeat(5000)];
const values = [
	null,
	-1,
	0.5,
	2 ** 53,
	1e308,
	"",
	"../../etc/passwd",
	"\u0000",
	"\u202eabc",
	`0x${"f".repeat(200)}`,
	"9".repeat(400),
	[],
	{},
	Array(2000).fill(0),
	"a".repeat(100_000),
];

export const memberChange: fc.Arbitrary<MemberChange> = fc.record({
	at: fc.nat(0xffff_ffff),
	kind: fc.constantFrom(
		"value" as const,
		"value" as const,
		"name" as const,
		"remove" as const,
		"twin" as const,
	),
	value: fc.oneof(fc.constantFrom(...values), fc.jsonValue({ maxDepth: 3 })),
	name: fc.oneof(fc.constantFrom(...names), fc.string({ maxLength: 12 })),
});

/** The document with its changes; bytes that are no JSON stay as they are. */
export function changedDocument(input: Uint8Array, changes: readonly MemberChange[]): Uint8Array {
	let document: unknown;
	try {
		document = JSON.parse(Buffer.from(input).toString());
	} catch {
		return input;
	}
	for (const change of changes) {
		const members = [...membersOf(document)];
		const member = members[change.at % Math.max(members.length, 1)];
		if (member) apply(member, change);
	}
	return Buffer.from(JSON.stringify(document));
}

interface Member {
	holder: Record<string, unknown> | unknown[];
	key: string;
}

function* membersOf(value: unknown): Iterable<Member> {
	if (typeof value !== "object" || value === null) return;
	const holder = value as Record<string, unknown>;
	for (const key of Object.keys(holder)) {
		yield { holder, key };
		yield* membersOf(holder[key]);
	}
}

function apply({ holder, key }: Member, { kind, value: given, name }: MemberChange): void {
	// A document of its own: a later change may be made inside.
	const value = structuredClone(given);
	if (Array.isArray(holder)) {
		const index = Number(key);
		if (kind === "remove") holder.splice(index, 1);
		else if (kind === "twin") holder.splice(index, 0, structuredClone(holder[index]));
		else holder[index] = value;
		return;
	}
	const own = holder[key];
	if (kind === "remove" || kind === "name") delete holder[key];
	// Not by assignment: `__proto__` would be no member then.
	if (kind !== "remove")
		Object.defineProperty(holder, kind === "value" ? key : name, {
			value: kind === "value" ? value : structuredClone(own),
			enumerable: true,
			configurable: true,
			writable: true,
		});
}
