// SPDX-License-Identifier: Apache-2.0
import type { UnloadedProgram } from "../../base/results.js";
import type { MapFacts } from "./elf/maps.js";
import type { ObjectEntry } from "./manifest/manifest.js";
import type { ProgramFacts } from "./object.js";
import type { Package } from "./package.js";

/** The part of an object that decides which of its programs are loaded. */
interface Settings {
	readonly settings: ObjectEntry;
	/** libbpf also loads the programs that a struct_ops map refers to. */
	readonly maps: readonly Pick<MapFacts, "programs">[];
}

/** Whether a program is loaded: by the manifest on it or its object, else the section's `?`. */
export function autoloads({ settings, maps }: Settings, { name, meaning }: ProgramFacts): boolean {
	const isMember = maps.some(({ programs = [] }) => programs.includes(name));
	const optional = settings.autoload !== "all" && meaning?.autoload === false && !isMember;
	return settings.programs?.[name]?.autoload ?? !optional;
}

/** Programs of a package that are not loaded, and what says so. */
export function notLoaded({ objects }: Pick<Package, "objects">): UnloadedProgram[] {
	return objects.flatMap((object) =>
		object.programs
			.filter((program) => !autoloads(object, program))
			.map(({ name, section }) => {
				const by = object.settings.programs?.[name]?.autoload === false ? "manifest" : "section";
				return { object: object.file, program: name, section, by } as const;
			}),
	);
}

/** The package with its optional programs; those that the manifest leaves out stay out. */
export function withOptionalPrograms(pkg: Package): Package {
	const objects = pkg.objects.map((object) =>
		object.settings.autoload === "all"
			? object
			: {
					...object,
					settings: { ...object.settings, autoload: "all" as const },
					withOptional: true as const,
				},
	);
	return { ...pkg, objects };
}

/** The package as it was signed: without what `withOptionalPrograms` added. */
export function asSigned(pkg: Package): Package {
	if (!pkg.objects.some(({ withOptional }) => withOptional)) return pkg;
	const objects = pkg.objects.map((object) => {
		if (!object.withOptional) return object;
		const { withOptional: _, ...rest } = object;
		const { autoload: __, ...settings } = object.settings;
		return { ...rest, settings };
	});
	return { ...pkg, objects };
}
