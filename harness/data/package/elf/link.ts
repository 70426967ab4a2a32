// SPDX-License-Identifier: Apache-2.0
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { execa } from "execa";
import { InputError, type Place } from "../../../base/errors.js";
import { withTemporaryFolder } from "../../../base/host-files.js";
import { undecided } from "../../reasons/registry/registry.js";
import { readElf, SHN, STB } from "./elf.js";

/** The program that links (link-objects.c), or where it will be. */
export const linkerPath = fileURLToPath(new URL("../../../../build/loader/link-objects", import.meta.url));

/** Milliseconds; linking takes some 10. */
const patience = 60_000;
/** Descriptor of the first object in the linker's messages. */
const firstDescriptor = 4;
/** Exit status for objects that cannot be linked. */
const refused = 1;

/** Objects of a package that do not fit together. */
export class LinkError extends InputError {
	override name = "LinkError";
}

interface Part {
	/** Path inside the package. */
	file: string;
	bytes: Uint8Array;
}

/**
 * One object of several, as libbpf's static linker makes it (`bpftool gen object`). The same parts
 * give the same bytes on every machine.
 * @param place of the list of objects in the manifest
 * @throws LinkError with the conflict; UndecidedError `not-built`, `linker-failed`
 */
export async function linkObjects(parts: readonly Part[], place: Place): Promise<Uint8Array> {
	return withTemporaryFolder(async (folder) => {
		const linked = join(folder, "linked.o");
		const paths = parts.map((_, index) => join(folder, `${index}.o`));
		for (const [index, { bytes }] of parts.entries()) await writeFile(paths[index]!, bytes);
		const result = await execa(linkerPath, [linked, ...paths], {
			...{ timeout: patience, reject: false, stdin: "ignore" },
			...{ env: { LC_ALL: "C" }, extendEnv: false },
		});
		if (result.code === "ENOENT") throw undecided("not-built", { path: linkerPath });
		const said = result.stderr.split("\n").filter((line) => line !== "");
		if (result.exitCode === 0) return new Uint8Array(await readFile(linked));
		if (result.exitCode === refused) throw new LinkError(place.file, place.pointer, conflict(parts, said));
		// A signal or the time limit is a hostile object's doing.
		if (result.exitCode === undefined)
			throw new LinkError(place.file, place.pointer, "cannot be linked: libbpf's linker gives up on them");
		throw undecided("linker-failed", { why: said.at(-1) ?? `exit status ${result.exitCode}` });
	});
}

/** What keeps the objects from being one. */
function conflict(parts: readonly Part[], said: readonly string[]): string {
	const indexIn = (text = "") => Number(/fd:(\d+)/.exec(text)?.[1] ?? Number.NaN) - firstDescriptor;
	const at = indexIn(said.at(-1));
	/** The object at which linking stopped, and those before it that have the symbol. */
	const holders = (name: string, how: "define" | "declare") =>
		[...parts.slice(0, at).filter((each) => has(each, name, how)), ...parts.slice(at, at + 1)]
			.map(({ file }) => file)
			.join(" and ");
	for (const line of said) {
		const twice = /conflicting non-weak symbol #\d+ \((?<name>.*)\) definition in 'fd:\d+'/.exec(line);
		if (twice) {
			const { name = "" } = twice.groups!;
			return `cannot be linked: ${holders(name, "define")} define ${name}`;
		}
		const differs = /global '(?<name>.*?)': (?<what>.*)/.exec(line);
		if (differs) {
			const { name = "", what } = differs.groups!;
			return `cannot be linked: ${holders(name, "declare")} declare ${name} differently: ${what}`;
		}
	}
	const first = said[0]?.replace(/^libbpf: /, "").replace(/fd:\d+/g, (fd) => parts[indexIn(fd)]?.file ?? fd);
	return `cannot be linked: libbpf says: ${first ?? "nothing"}`;
}

function has({ file, bytes }: Part, name: string, how: "define" | "declare"): boolean {
	return readElf(file, bytes).symbols.some(
		({ name: own, binding, section }) =>
			own === name && binding !== STB.LOCAL && (how === "declare" || section !== SHN.UNDEF),
	);
}
