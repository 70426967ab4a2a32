// SPDX-License-Identifier: Apache-2.0

const most = 5;

/**
 * Functions that the one a program asks for may have become: compilers' copies (`work.isra.0`),
 * versions, mangled names of C++ and Rust (`_ZN3app4workEv`), another case, one letter wrong.
 */
export function similarFunctions(functions: readonly string[], wanted: string): string[] {
	const plain = wanted.replace(/[@+].*$/, "");
	const stem = (plain.split("::").at(-1) ?? "").replace(/\.(?:isra|constprop|part|cold)\b.*$/, "");
	if (!/^[\w$]{2,256}$/.test(stem)) return [];
	const mangled = `${stem.length}${stem}`;
	const ranks = functions
		.filter((name) => name !== plain)
		.map((name): [rank: number, name: string] => {
			const own = name.replace(/[@.].*$/, "");
			if (own === stem) return [0, name];
			const at = /^_(?:Z|R)/.test(name) ? name.indexOf(mangled) : -1;
			if (at > 0 && !/\d/.test(name[at - 1] ?? "")) return [1, name];
			if (own.toLowerCase() === stem.toLowerCase()) return [2, name];
			return [stem.length > 3 && differByOne(own, stem) ? 3 : Number.POSITIVE_INFINITY, name];
		});
	const found = ranks.filter(([rank]) => rank < Number.POSITIVE_INFINITY);
	return found
		.sort(([a], [b]) => a - b)
		.map(([, name]) => name)
		.slice(0, most);
}

/** One letter is another, too many, too few, or two have changed places. */
function differByOne(one: string, other: string): boolean {
	const [short, long] = one.length < other.length ? [one, other] : [other, one];
	if (long.length - short.length > 1) return false;
	let at = 0;
	while (at < short.length && short[at] === long[at]) at++;
	if (long.length > short.length) return short.slice(at) === long.slice(at + 1);
	if (short.slice(at + 1) === long.slice(at + 1)) return true;
	const swapped = short[at] === long[at + 1] && short[at + 1] === long[at];
	return swapped && short.slice(at + 2) === long.slice(at + 2);
}
