// SPDX-License-Identifier: Apache-2.0
import { constants } from "node:fs";
import { access, readdir, readFile, stat } from "node:fs/promises";
import { delimiter, join } from "node:path";
import { fileURLToPath } from "node:url";
import { InputError } from "../../errors.js";
import type { Diagnosis } from "./diagnosis.js";

export const purposes = ["run", "pull", "agent", "examples"] as const;
export type Purpose = (typeof purposes)[number];

/** One line of ci/requirements.txt. */
export interface Requirement {
	purpose: Purpose;
	probe: { kind: "command" | "file"; name: string };
	apt: string;
	dnf: string;
	why: string;
}

/** @throws InputError with the line that is not as the head of the file says */
export function parseRequirements(file: string, text: string): Requirement[] {
	return text.split("\n").flatMap((line, index) => {
		if (line === "" || line.startsWith("#")) return [];
		const [purpose, probe = "", apt, dnf, why, ...rest] = line.split(" | ");
		const known = purposes.find((each) => each === purpose);
		const [, kind, name] = /^(command|file):(\S+)$/.exec(probe) ?? [];
		if (!known || !name || !apt || !dnf || !why || rest.length > 0) {
			throw new InputError(file, `line ${index + 1}`, "is not `for | probe | apt | dnf | why`");
		}
		return [{ purpose: known, probe: { kind: kind === "file" ? "file" : "command", name }, apt, dnf, why }];
	});
}

export async function readRequirements(): Promise<Requirement[]> {
	const path = fileURLToPath(new URL("../../../ci/requirements.txt", import.meta.url));
	return parseRequirements(path, await readFile(path, "utf8"));
}

/** @param needed the purposes without which bpfgate cannot do its work at present */
export async function diagnose(
	requirements: Requirement[],
	needed: ReadonlySet<Purpose>,
	path: string = process.env.PATH ?? "",
): Promise<Diagnosis[]> {
	return Promise.all(
		requirements.map(async ({ purpose, probe, apt, dnf, why }): Promise<Diagnosis> => {
			const found = probe.kind === "command" ? await onPath(probe.name, path) : await glob(probe.name);
			return {
				name: probe.name,
				state: found ? "ok" : needed.has(purpose) ? "missing" : "absent",
				found: found ?? (probe.kind === "command" ? "not on PATH" : "no such file"),
				why,
				fix: found ? [] : [`apt-get install ${apt}`, `dnf install ${dnf}`],
			};
		}),
	);
}

async function onPath(name: string, path: string): Promise<string | undefined> {
	for (const folder of path.split(delimiter)) {
		if (folder === "") continue;
		const file = join(folder, name);
		const executable = await access(file, constants.X_OK).then(
			() => true,
			() => false,
		);
		if (executable && (await stat(file)).isFile()) return file;
	}
	return undefined;
}

/** The first file that matches; `*` stands for one whole part of the path, nothing else is special. */
async function glob(pattern: string): Promise<string | undefined> {
	let candidates = ["/"];
	for (const part of pattern.split("/").filter((each) => each !== "")) {
		const next = candidates.map(async (folder) => {
			const names = part === "*" ? await readdir(folder).catch(() => []) : [part];
			return names.map((name) => join(folder, name));
		});
		candidates = (await Promise.all(next)).flat();
	}
	for (const file of candidates) {
		if (await stat(file).catch(() => undefined)) return file;
	}
	return undefined;
}
