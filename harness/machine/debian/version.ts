// SPDX-License-Identifier: Apache-2.0

/** Order of two Debian package versions (deb-version(7)): negative, zero or positive. */
export function compareVersions(a: string, b: string): number {
	const [epochA, upstreamA, revisionA] = parts(a);
	const [epochB, upstreamB, revisionB] = parts(b);
	return epochA - epochB || compareParts(upstreamA, upstreamB) || compareParts(revisionA, revisionB);
}

function parts(version: string): [number, string, string] {
	const colon = version.indexOf(":");
	const epoch = colon < 0 ? 0 : Number.parseInt(version.slice(0, colon), 10);
	const rest = version.slice(colon + 1);
	const dash = rest.lastIndexOf("-");
	return dash < 0 ? [epoch, rest, ""] : [epoch, rest.slice(0, dash), rest.slice(dash + 1)];
}

function compareParts(a: string, b: string): number {
	const left: string[] = a.match(/\d+|\D+/g) ?? [];
	const right: string[] = b.match(/\d+|\D+/g) ?? [];
	// Both lists must begin with a non-digit run, so that runs of the same kind are compared.
	if (/^\d/.test(left[0] ?? "")) left.unshift("");
	if (/^\d/.test(right[0] ?? "")) right.unshift("");
	for (let index = 0; index < Math.max(left.length, right.length); index++) {
		const difference =
			index % 2 === 0
				? compareText(left[index] ?? "", right[index] ?? "")
				: compareNumbers(left[index] ?? "0", right[index] ?? "0");
		if (difference !== 0) return difference;
	}
	return 0;
}

function compareNumbers(a: string, b: string): number {
	const difference = BigInt(a) - BigInt(b);
	return difference < 0n ? -1 : difference > 0n ? 1 : 0;
}

function compareText(a: string, b: string): number {
	for (let index = 0; index < Math.max(a.length, b.length); index++) {
		const difference = weight(a[index]) - weight(b[index]);
		if (difference !== 0) return difference;
	}
	return 0;
}

/** `~` sorts before the end, letters before everything else. */
function weight(character: string | undefined): number {
	if (character === undefined) return 0;
	if (character === "~") return -1;
	const code = character.charCodeAt(0);
	return /[A-Za-z]/.test(character) ? code : code + 256;
}
