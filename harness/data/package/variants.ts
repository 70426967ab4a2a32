// SPDX-License-Identifier: Apache-2.0
// Alternatives of a package: on each kernel the first one that works is used (`variants` of the
// manifest).
import { InputError } from "../../base/errors.js";
import type { Reason } from "../../base/results.js";
import type { Manifest, ObjectEntry } from "./manifest/manifest.js";
import type { ProgramFacts } from "./object.js";

/** One alternative: programs that are only of use together. */
export interface Variant {
	/** `fentry_open + fexit_open`, as the manifest names them. */
	label: string;
	/** Names by the file of their object. */
	programs: ReadonlyMap<string, readonly string[]>;
}

/** Alternatives in the order in which they are tried. */
export type VariantSet = readonly Variant[];

/** The case about a set. */
export const variantsCase = ([first]: VariantSet) => `variants/${first?.label}`;

/** What was found of one set on a kernel. */
export interface VariantChoice {
	set: VariantSet;
	/** Absent when none works. */
	used?: Variant;
	/** Those that were tried and do not work. */
	refused: readonly { variant: Variant; reason: Reason }[];
}

interface Named {
	readonly file: string;
	readonly programs: readonly Pick<ProgramFacts, "name">[];
}

const stem = (file: string) => file.replace(/^.*\//, "").replace(/(\.bpf)?\.o$/, "");

/**
 * The sets of a manifest, with each name resolved: a program, `<object>/<program>`, or the file of
 * an object for all of its programs.
 *
 * @param file what the user calls the manifest, for messages
 * @throws InputError with the pointer of a name that is not there, ambiguous, or there twice
 */
export function variantSets(
	file: string,
	{ variants = [] }: Pick<Manifest, "variants">,
	objects: readonly Named[],
): VariantSet[] {
	const taken = new Map<string, string>();
	return variants.map((set, index) =>
		set.map((entry, at) => {
			const programs = new Map<string, string[]>();
			const names = typeof entry === "string" ? [entry] : entry;
			for (const [place, name] of names.entries()) {
				const pointer = `/variants/${index}/${at}${typeof entry === "string" ? "" : `/${place}`}`;
				for (const found of resolve(file, pointer, name, objects)) {
					const key = `${found.object}/${found.program}`;
					const other = taken.get(key);
					if (other !== undefined)
						throw new InputError(file, pointer, `${JSON.stringify(name)} is named already by ${other}`);
					taken.set(key, pointer);
					programs.set(found.object, [...(programs.get(found.object) ?? []), found.program]);
				}
			}
			return { label: names.join(" + "), programs };
		}),
	);
}

function resolve(
	file: string,
	pointer: string,
	name: string,
	objects: readonly Named[],
): { object: string; program: string }[] {
	const whole = objects.find((object) => object.file === name);
	if (whole) return whole.programs.map((program) => ({ object: whole.file, program: program.name }));
	const found = objects.flatMap((object) =>
		object.programs
			.filter((program) => program.name === name || `${stem(object.file)}/${program.name}` === name)
			.map((program) => ({ object: object.file, program: program.name })),
	);
	if (found.length === 1) return found;
	const words =
		found.length === 0
			? "is neither a program of this package nor the file of one of its objects"
			: `is in several objects; write ${found.map(({ object, program }) => `${stem(object)}/${program}`).join(" or ")}`;
	throw new InputError(file, pointer, `${JSON.stringify(name)} ${words}`);
}

/** The object with these of its programs loaded or not, whatever else is said of them. */
export function withAutoload<T extends { readonly settings: ObjectEntry }>(
	object: T,
	loaded: ReadonlyMap<string, boolean>,
): T {
	if (loaded.size === 0) return object;
	const programs = { ...object.settings.programs };
	for (const [name, autoload] of loaded) programs[name] = { ...programs[name], autoload };
	return { ...object, settings: { ...object.settings, programs } };
}
