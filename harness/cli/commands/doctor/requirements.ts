// SPDX-License-Identifier: Apache-2.0
import { constants } from "node:fs";
import { access, readdir, readFile, stat } from "node:fs/promises";
import { delimiter, join } from "node:path";
import { fileURLToPath } from "node:url";
import { execa } from "execa";
import { InputError } from "../../../base/errors.js";
import type { Diagnosis } from "./diagnosis.js";

export const purposes = ["run", "pull", "agent", "examples"] as const;
export type Purpose = (typeof purposes)[number];

/** A program, and the oldest major version of it that will do. */
export interface Command {
	name: string;
	version?: number;
}

/** One line of ci/requirements.txt. */
export interface Requirement {
	purpose: Purpose;
	probe: { kind: "command"; commands: Command[] } | { kind: "file"; glob: string };
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
		const wanted = parseProbe(probe);
		if (!known || !wanted || !apt || !dnf || !why || rest.length > 0) {
			throw new InputError(file, `line ${index + 1}`, "is not `for | probe | apt | dnf | why`");
		}
		return [{ purpose: known, probe: wanted, apt, dnf, why }];
	});
}

function parseProbe(text: string): Requirement["probe"] | undefined {
	const [, kind, rest = ""] = /^(command|file):(\S+)$/.exec(text) ?? [];
	if (kind === "file") return { kind, glob: rest };
	if (kind !== "command") return undefined;
	const commands = rest.split(",").map((each): Command => {
		const [name = "", version] = each.split(">=");
		return { name, ...(version === undefined ? {} : { version: Number(version) }) };
	});
	const sound = commands.every(({ name, version = 0 }) => name !== "" && Number.isInteger(version));
	return sound ? { kind, commands } : undefined;
}

export async function readRequirements(): Promise<Requirement[]> {
	const path = fileURLToPath(new URL("../../../../ci/requirements.txt", import.meta.url));
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
			const { ok, name, found } =
				probe.kind === "command" ? await findCommand(probe.commands, path) : await findFile(probe.glob);
			return {
				name,
				state: ok ? "ok" : needed.has(purpose) ? "missing" : "absent",
				found,
				why,
				fix: ok ? [] : [`apt-get install ${apt}`, `dnf install ${dnf}`],
			};
		}),
	);
}

type Finding = Pick<Diagnosis, "name" | "found"> & { ok: boolean };

async function findFile(pattern: string): Promise<Finding> {
	const file = await glob(pattern);
	return { ok: file !== undefined, name: pattern, found: file ?? "no such file" };
}

/**
 * The first of the commands that is there and new enough; else what is wrong with the last that is
 * there.
 */
async function findCommand(commands: Command[], path: string): Promise<Finding> {
	const names = commands.map(({ name }) => name).join(" or ");
	let found = "not on PATH";
	for (const { name, version } of commands) {
		const file = await onPath(name, path);
		if (file === undefined) continue;
		const actual = version === undefined ? undefined : await majorVersion(file);
		if (version === undefined || (actual ?? 0) >= version) return { ok: true, name, found: file };
		found = `${file} is version ${actual ?? "unknown"}; ${version} or newer is needed`;
	}
	return { ok: false, name: names, found };
}

/** What a program calls its version, as LLVM's do: `clang version 19.1.7`. */
async function majorVersion(file: string): Promise<number | undefined> {
	const { stdout } = await execa(file, ["--version"], { reject: false, stdin: "ignore", timeout: 10_000 });
	const major = /version (\d+)/.exec(stdout ?? "")?.[1];
	return major === undefined ? undefined : Number(major);
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

/**
 * The first file that matches; `*` stands for one whole part of the path, nothing else is special.
 */
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
