// SPDX-License-Identifier: Apache-2.0

/** A write to a document: in place of what is there, or as a new member or element. */
export interface Change {
	/** Keys and indices from the top. */
	path: readonly string[];
	value: unknown;
}

/** The document with the changes made; the given one stays as it is. */
export function changed(document: unknown, changes: readonly Change[]): unknown {
	// Through text: what two aliases share is two things then.
	let root: unknown = JSON.parse(JSON.stringify(document));
	for (const { path, value } of changes) root = put(root, path, value);
	return root;
}

function put(node: unknown, path: readonly string[], value: unknown): unknown {
	const [key, ...rest] = path;
	if (key === undefined) return value;
	if (Array.isArray(node)) return Object.assign([...node], { [key]: put(node[Number(key)], rest, value) });
	const members = Object.entries(typeof node === "object" && node !== null ? node : {});
	const part = put(members.find(([name]) => name === key)?.[1], rest, value);
	return members.some(([name]) => name === key)
		? Object.fromEntries(members.map(([name, old]) => [name, name === key ? part : old]))
		: Object.fromEntries([...members, [key, part]]);
}

/** What stands at a path; undefined when nothing does. */
export function valueAt(document: unknown, path: readonly string[]): unknown {
	return path.reduce<unknown>(
		(node, key) =>
			typeof node === "object" && node !== null && Object.hasOwn(node, key)
				? (node as Record<string, unknown>)[key]
				: undefined,
		document,
	);
}

/** The keys of a JSON pointer (RFC 6901). */
export function pathOf(pointer: string): string[] {
	return pointer
		.split("/")
		.slice(1)
		.map((part) => part.replaceAll("~1", "/").replaceAll("~0", "~"));
}
