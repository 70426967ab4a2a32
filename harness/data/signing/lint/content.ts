// SPDX-License-Identifier: Apache-2.0

import { op } from "../../../base/insn.js";
import type { MapFacts } from "../../package/elf/maps.js";
import type { ProgramFacts } from "../../package/object.js";
import type { PackageObject } from "../../package/package.js";
import type { Loader } from "../loader/generate.js";
import { decode, type Placed } from "./decode.js";
import { type LintFinding, weakness } from "./finding.js";
import type { Installed, InstalledMap, InstalledProgram } from "./installs.js";

/** BPF_OBJ_NAME_LEN without its NUL. */
const maxName = 15;

/** Whether a loader installs what is said of it, and what the object has. */
export function lintContent(
	loader: Pick<Loader, "maps" | "programs">,
	installed: Installed,
	object?: Pick<PackageObject, "programs" | "maps" | "elf">,
): LintFinding[] {
	const findings: LintFinding[] = [];
	const maps = firstDifference(loader.maps, installed.maps, (name, map) => otherMap(name, map, object?.maps));
	if (maps !== undefined) findings.push(weakness("error", "other-maps", { maps }));
	const programs = firstDifference(loader.programs, installed.programs, (name, program) =>
		otherProgram(name, program, object?.programs),
	);
	if (programs !== undefined) findings.push(weakness("error", "other-programs", { programs }));
	if (object && programs === undefined) {
		const changed = loader.programs.find((name, index) => {
			const facts = object.programs.find((each) => each.name === name);
			return facts && otherInstructions(object, facts, installed.programs[index]!);
		});
		if (changed !== undefined) findings.push(weakness("error", "other-instructions", { program: changed }));
	}
	return findings;
}

/** In words, where the lists differ first; undefined when they do not. */
function firstDifference<T extends { name: string }>(
	said: readonly string[],
	found: readonly T[],
	difference: (name: string, item: T) => string | undefined,
): string | undefined {
	if (said.length !== found.length) return `it says ${said.length}, the loader has ${found.length}`;
	for (const [index, name] of said.entries()) {
		const different = difference(name, found[index]!);
		if (different !== undefined) return different;
	}
	return undefined;
}

function otherMap(name: string, map: InstalledMap, known?: readonly MapFacts[]): string | undefined {
	// Libbpf puts the object's name in front of that of a data section.
	const short = name.slice(0, maxName);
	const same = map.name === short || (name.startsWith(".") && map.name.endsWith(short));
	if (!same) return `instead of ${name} it makes ${map.name}`;
	const facts = known?.find(
		(each) => each.name === name || (each.kind === "data" && name.endsWith(each.name) && name === map.name),
	);
	if (known && !facts) return `the object has no map ${name}`;
	if (facts && (facts.type !== map.type || facts.key_size !== map.key_size))
		return `${name} is ${map.type} with keys of ${map.key_size} bytes, in the object ${facts.type} with keys of ${facts.key_size}`;
	return undefined;
}

function otherProgram(
	name: string,
	program: InstalledProgram,
	known?: readonly ProgramFacts[],
): string | undefined {
	if (program.name !== name.slice(0, maxName)) return `instead of ${name} it loads ${program.name}`;
	return known && !known.some((each) => each.name === name) ? `the object has no program ${name}` : undefined;
}

/** libbpf fills in addresses and calls; the rest stays, as the kernel does CO-RE itself. */
function otherInstructions(
	{ elf }: Pick<PackageObject, "elf">,
	facts: ProgramFacts,
	program: InstalledProgram,
): boolean {
	const section = elf.sections.find(({ name }) => name === facts.section);
	const built = decode(
		section?.data.subarray(facts.offset, facts.offset + facts.insns * 8) ?? new Uint8Array(),
	);
	const loaded = decode(program.insns);
	if (!built || !loaded || loaded.length < built.length) return true;
	return built.some((insn, place) => !alike(insn, loaded[place]));
}

function alike(a: Placed | undefined, b: Placed | undefined): boolean {
	if (!a || !b) return a === b;
	if (a.code !== b.code || a.target !== b.target) return false;
	if (a.code === op.call || a.code === op.ldImm64) return true;
	return a.source === b.source && a.offset === b.offset && a.imm === b.imm;
}
