// SPDX-License-Identifier: Apache-2.0
import { InputError } from "../../../base/errors.js";
import type { ObjectFacts, ProgramFacts } from "../object.js";
import type { Chain, ProgramReference, ReferencePlace } from "./chain.js";
import { type ChainHookFacts, chainHooks } from "./chain-hooks.js";
import { longReference, programPointer } from "./chain-rules.js";

interface Holder extends ObjectFacts {
	/** Path inside the package. */
	file: string;
}

/** The program that a reference means. @throws InputError for none, several, an unsuitable one */
export function chainProgram<T extends Holder>(
	{ file, pointer }: ReferencePlace,
	reference: ProgramReference,
	hook: Chain["hook"],
	objects: readonly T[],
): { object: T; program: ProgramFacts } {
	const { object: wanted, program: name } = longReference(reference);
	const place = programPointer(pointer, reference);
	const among = wanted === undefined ? objects : objects.filter(({ file }) => file === wanted);
	if (among.length === 0) throw new InputError(file, `${pointer}/object`, "is not an object of the package");
	const found = among.flatMap((object) =>
		object.programs.filter((program) => program.name === name).map((program) => ({ object, program })),
	);
	const [only, other] = found;
	if (!only)
		throw new InputError(
			file,
			place,
			`no object has a program ${JSON.stringify(name)}; there ${namesOf(among)}`,
		);
	if (other)
		throw new InputError(
			file,
			place,
			`${only.object.file} and ${other.object.file} both have a program ${JSON.stringify(name)}: name the object`,
		);
	const wrong = misfit(only.program, chainHooks[hook]);
	if (wrong !== undefined) throw new InputError(file, place, `${name} ${wrong}, which ${hook} does not take`);
	return only;
}

/** @throws InputError when the object has no such map, or one that no tail call goes through */
export function checkProgArray({ file, pointer }: ReferencePlace, name: string, object: Holder): void {
	const map = object.maps.find((candidate) => candidate.name === name);
	if (!map) throw new InputError(file, pointer, `${object.file} has no map ${JSON.stringify(name)}`);
	if (map.type !== "prog_array")
		throw new InputError(file, pointer, `${name} is of type ${map.type}, not prog_array`);
}

/** Checks a package's references to its own programs; those to other packages wait for them. */
export function checkChainPrograms(file: string, chains: readonly Chain[], objects: readonly Holder[]): void {
	for (const [index, { hook, members, root_program: root }] of chains.entries()) {
		const ends = [
			...members.map((member, at) => ({ ...member, map: member.next, at: `members/${at}`, key: "next" })),
			...(root ? [{ ...root, at: "root_program", key: "map" }] : []),
		];
		const taken = new Map<ProgramFacts, string>();
		for (const { program: reference, map, at, key } of ends) {
			if (longReference(reference).package !== undefined) continue;
			const pointer = `/chains/${index}/${at}`;
			const { object, program } = chainProgram(
				{ file, pointer: `${pointer}/program` },
				reference,
				hook,
				objects,
			);
			const other = taken.get(program);
			if (other !== undefined)
				throw new InputError(file, `${pointer}/program`, `${program.name} is ${other} already`);
			taken.set(program, `/${at}`);
			if (map !== undefined) checkProgArray({ file, pointer: `${pointer}/${key}` }, map, object);
		}
	}
}

/** A section that libbpf knows nothing of says nothing against it. */
function misfit({ meaning }: ProgramFacts, hook: ChainHookFacts): string | undefined {
	if (!meaning) return undefined;
	if (meaning.type !== hook.programType) return `is of type ${meaning.type}`;
	const { attachType } = meaning;
	if (hook.attachType === undefined || attachType === undefined || attachType === hook.attachType)
		return undefined;
	return `is made for ${attachType}`;
}

function namesOf(objects: readonly Holder[]): string {
	const names = objects.flatMap(({ programs }) => programs.map(({ name }) => name));
	const more = names.length > 8 ? ` and ${names.length - 8} more` : "";
	return `${names.length === 1 ? "is" : "are"} ${names.slice(0, 8).join(", ")}${more}`;
}
