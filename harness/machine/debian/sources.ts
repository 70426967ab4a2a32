// SPDX-License-Identifier: Apache-2.0

/** One source of packages that apt is configured for (sources.list(5)). */
export interface AptSource {
	uris: string[];
	suites: string[];
	components: string[];
	/** Key ring file or fingerprint, where the entry names one. */
	signedBy?: string;
}

/** Entries of a one-line-style file (`*.list`); others are skipped, as apt does. */
export function parseList(text: string): AptSource[] {
	const sources: AptSource[] = [];
	for (const line of text.split("\n")) {
		const entry = /^\s*deb(?:\s+\[([^\]]*)\])?\s+(\S+)\s+(\S+)((?:\s+[^\s#]+)*)/.exec(line);
		if (!entry) continue;
		const [, options = "", uri = "", suite = "", components = ""] = entry;
		const signedBy = /(?:^|\s)signed-by=(\S+)/i.exec(options)?.[1];
		sources.push({
			uris: [uri],
			suites: [suite],
			components: words(components),
			...(signedBy === undefined ? {} : { signedBy }),
		});
	}
	return sources;
}

/** Enabled `deb` stanzas of a deb822-style file (`*.sources`). */
export function parseDeb822(text: string): AptSource[] {
	const sources: AptSource[] = [];
	for (const fields of parseStanzas(text)) {
		if (!words(fields.get("types")).includes("deb")) continue;
		if (/^(no|false|0|off)$/i.test(fields.get("enabled") ?? "yes")) continue;
		const signedBy = words(fields.get("signed-by"))[0];
		sources.push({
			uris: words(fields.get("uris")),
			suites: words(fields.get("suites")),
			components: words(fields.get("components")),
			...(signedBy === undefined ? {} : { signedBy }),
		});
	}
	return sources;
}

/** Stanzas (deb-control(5)): names in lower case, continuation lines after a newline. */
export function* parseStanzas(text: string): Generator<Map<string, string>> {
	for (const stanza of text.split(/\n[ \t]*\n/)) {
		const fields = parseStanza(stanza);
		if (fields.size > 0) yield fields;
	}
}

/** One stanza; comment lines are dropped. */
export function parseStanza(stanza: string): Map<string, string> {
	const fields = new Map<string, string>();
	let last = "";
	for (const line of stanza.split("\n")) {
		if (line.startsWith("#")) continue;
		if (/^[ \t]/.test(line)) {
			if (last !== "") fields.set(last, `${fields.get(last)}\n${line.trim()}`);
			continue;
		}
		const colon = line.indexOf(":");
		if (colon <= 0) continue;
		last = line.slice(0, colon).toLowerCase();
		fields.set(last, line.slice(colon + 1).trim());
	}
	return fields;
}

function words(value: string | undefined): string[] {
	return (value ?? "").split(/\s+/).filter((word) => word !== "");
}
