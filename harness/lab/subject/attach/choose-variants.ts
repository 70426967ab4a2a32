// SPDX-License-Identifier: Apache-2.0
import type { Reason } from "../../../base/results.js";
import { isCapable } from "../../../data/package/capable.js";
import type { Package, PackageObject } from "../../../data/package/package.js";
import {
	type Variant,
	type VariantChoice,
	type VariantSet,
	variantsCase,
	withAutoload,
} from "../../../data/package/variants.js";
import { reason } from "../../../data/reasons/registry/registry.js";
import type { Finding, Workbench } from "../../check.js";
import { attachables } from "./attachables.js";
import { loadAndAttach } from "./load-and-attach.js";

/**
 * The package as a kernel gets it: each set of variants with the programs of the first one that
 * loads and attaches, tried alone. Where none works, all programs stay; a variant with which the
 * guest is lost is used. The load check shows what is wrong.
 */
export async function chooseVariants(pkg: Package, bench: Workbench): Promise<Package> {
	if (pkg.variants.length === 0) return pkg;
	const choices: VariantChoice[] = [];
	for (const set of pkg.variants) choices.push(await choose(pkg, set, bench));
	return { ...pkg, choices, objects: pkg.objects.map((object) => chosen(object, choices)) };
}

async function choose(pkg: Package, set: VariantSet, bench: Workbench): Promise<VariantChoice> {
	const refused: { variant: Variant; reason: Reason }[] = [];
	for (const variant of set) {
		try {
			const reason = await trial(pkg, variant, bench);
			if (!reason) return { set, used: variant, refused };
			refused.push({ variant, reason });
		} catch (cause) {
			await bench.lost(cause);
			return { set, used: variant, refused };
		}
	}
	return { set, refused };
}

/** Why a variant does not work on its own; undefined when it does. */
async function trial(pkg: Package, variant: Variant, bench: Workbench): Promise<Reason | undefined> {
	for (const object of pkg.objects) {
		const members = variant.programs.get(object.file) ?? [];
		if (members.length === 0) continue;
		const only = new Map(object.programs.map(({ name }) => [name, members.includes(name)]));
		const alone = withAutoload(object, only);
		const nameOf = (name: string) => name;
		const subject = { pkg, object: alone, nameOf, bench };
		const found: Finding[] = [];
		const toAttach = attachables(alone, nameOf);
		for await (const each of loadAndAttach(subject, { toAttach }, true, () => {}))
			found.push(...[each].flat());
		if (alone.programs.some((program) => members.includes(program.name) && isCapable(program)))
			await bench.spoil();
		else await bench.leftovers();
		const failed = found.find(
			({ case: name, outcome }) =>
				outcome === "fail" || outcome === "error" || (outcome === "skip" && name.startsWith("program/")),
		);
		if (failed) return failed.reason;
	}
	return undefined;
}

/** The object without the programs of variants that are not used. */
function chosen(object: PackageObject, choices: readonly VariantChoice[]): PackageObject {
	const others = new Map<string, Reason>();
	for (const { set, used, refused } of choices) {
		if (!used) continue;
		for (const variant of set.filter((each) => each !== used)) {
			const why = refused.find((each) => each.variant === variant)?.reason.message;
			const words = reason("other-variant", {
				...{ variant: variant.label, used: used.label, set: variantsCase(set), why },
			});
			for (const name of variant.programs.get(object.file) ?? []) others.set(name, words);
		}
	}
	if (others.size === 0) return object;
	return { ...withAutoload(object, new Map([...others.keys()].map((name) => [name, false]))), others };
}
