// SPDX-License-Identifier: Apache-2.0

import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { execa } from "execa";
import { InputError } from "../../base/errors.js";
import { undecided } from "../../data/reasons/registry/registry.js";
import { type AptSource, parseDeb822, parseList } from "./sources.js";

/** Base addresses of the Debian archive and of its security archive, without a slash at the end. */
export interface Mirrors {
	archive: string;
	security: string;
}

const RELEASE =
	/^(buster|bullseye|bookworm|trixie|forky|duke|sid|oldoldstable|oldstable|stable|testing|unstable|experimental)/;

/**
 * The caller's mirrors, `BPFGATE_MIRROR` and `BPFGATE_SECURITY_MIRROR`, or the system's apt's.
 * @throws InputError when a named mirror is not an address; UndecidedError `no-mirror`
 */
export async function findMirrors(
	named: { archive?: string | undefined; security?: string | undefined } = {},
	env: NodeJS.ProcessEnv = process.env,
	sources: () => Promise<AptSource[]> = systemSources,
): Promise<Mirrors> {
	const archive =
		mirrorAddress("--mirror", named.archive) ??
		mirrorAddress("BPFGATE_MIRROR", env.BPFGATE_MIRROR || undefined);
	const security =
		mirrorAddress("--security-mirror", named.security) ??
		mirrorAddress("BPFGATE_SECURITY_MIRROR", env.BPFGATE_SECURITY_MIRROR || undefined);
	if (archive && security) return { archive, security };
	const configured = chooseMirrors(await sources());
	const chosen = archive ?? configured.archive;
	if (chosen === undefined) {
		throw undecided("no-mirror");
	}
	return { archive: chosen, security: security ?? configured.security ?? `${chosen}-security` };
}

/** apt's sources that are Debian's archive or its security archive; no third-party ones. */
export function chooseMirrors(sources: AptSource[]): Partial<Mirrors> {
	const found: { archive?: [number, string]; security?: [number, string] } = {};
	for (const source of sources) {
		const uri = source.uris.find((candidate) => isMirror(candidate))?.replace(/\/+$/, "");
		if (uri === undefined || !source.components.includes("main")) continue;
		for (const suite of source.suites) {
			const release = RELEASE.exec(suite)?.[0];
			if (release === undefined) continue;
			const rest = suite.slice(release.length).replace(/\/$/, "");
			const kind =
				rest === "-security" || rest === "/updates"
					? "security"
					: ["", "-updates", "-backports", "-proposed-updates"].includes(rest)
						? "archive"
						: undefined;
			const likely = likelihood(source, uri);
			if (kind === undefined || likely === 0) continue;
			if ((found[kind]?.[0] ?? 0) < likely) found[kind] = [likely, uri];
		}
	}
	return {
		...(found.archive ? { archive: found.archive[1] } : {}),
		...(found.security ? { security: found.security[1] } : {}),
	};
}

function likelihood(source: AptSource, uri: string): number {
	if (source.signedBy?.includes("debian-archive")) return 3;
	if (/\/debian(-security)?$/.test(uri)) return 2;
	return source.signedBy === undefined && uri.includes("debian") ? 1 : 0;
}

function isMirror(uri: string): boolean {
	return /^(https?|ftp|file|copy|mirror(\+[a-z]+)?|tor\+https?):[^\s[\]#"]+$/.test(uri);
}

/** A mirror's address without a slash at the end. @param name for messages @throws InputError */
export function mirrorAddress<T extends string | undefined>(name: string, address: T): T | string {
	if (address === undefined) return address;
	if (!isMirror(address))
		throw new InputError(name, "", `"${address}" is not the address of a package mirror`);
	return address.replace(/\/+$/, "");
}

/** Every source that the system's apt reads, from the places its configuration names. */
export async function systemSources(): Promise<AptSource[]> {
	const shell = await execa(
		"apt-config",
		["shell", "LIST", "Dir::Etc::sourcelist/f", "PARTS", "Dir::Etc::sourceparts/d"],
		{ reject: false },
	);
	if (shell.exitCode !== 0) return [];
	const path = (name: string) => new RegExp(`^${name}='(.*)'$`, "m").exec(shell.stdout)?.[1] ?? "";
	const files = [path("LIST")];
	const parts = path("PARTS");
	for (const name of (await readdir(parts).catch(() => [])).sort()) files.push(join(parts, name));
	const sources: AptSource[] = [];
	for (const file of files) {
		if (file === "") continue;
		const text = await readFile(file, "utf8").catch(() => "");
		if (file.endsWith(".sources")) sources.push(...parseDeb822(text));
		else if (file.endsWith(".list")) sources.push(...parseList(text));
	}
	return sources;
}
