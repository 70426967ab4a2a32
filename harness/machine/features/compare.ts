// SPDX-License-Identifier: Apache-2.0
import type { Answer, Features } from "./features.js";

/** One line of a comparison: a feature, and a cell for each kernel. */
export interface Row {
	name: string;
	cells: string[];
}

const signs: Record<Answer, string> = { yes: "yes", no: "-", off: "off", unknown: "?" };

/** Kernels side by side. Optionally without the yes-or-no rows that are equal on all kernels. */
export function compareFeatures(kernels: Features[], differencesOnly: boolean): Row[] {
	const row = (name: string, cell: (features: Features) => string): Row => ({
		name,
		cells: kernels.map(cell),
	});
	const answers = (kind: string, of: (features: Features) => Record<string, Answer>): Row[] =>
		unionOf(kernels.map((each) => Object.keys(of(each))))
			.map((name) => row(`${kind}:${name}`, (each) => signs[of(each)[name] ?? "unknown"]))
			.filter(differs);
	const differs = ({ cells }: Row) => !differencesOnly || new Set(cells).size > 1;
	const types = unionOf(kernels.map((each) => Object.keys(each.helpers.by_program_type)));
	const kfuncs = unionOf(kernels.map((each) => each.kfuncs.names));
	return [
		row("release", (each) => each.kernel.release),
		row("kfuncs", (each) => (each.kfuncs.told ? String(each.kfuncs.names.length) : "not in BTF")),
		row("token", (each) => (each.token.create && each.token.mount_options.length > 0 ? "yes" : "-")),
		row("signature covers", (each) => each.signature.covers),
		row("signature verdict recorded", (each) => (each.signature.verdict_recorded ? "yes" : "-")),
		row("exclusive maps", (each) => (each.signature.exclusive_maps ? "yes" : "-")),
		row("lsm bpf active", (each) => (each.lsms?.includes("bpf") ? "yes" : "-")),
		row("modules came with it", (each) => (each.modules.told ? "yes" : "-")),
		row("config known", (each) => (each.config ? "yes" : "-")),
		...answers("program_type", (each) => each.program_types),
		...answers("map_type", (each) => each.map_types),
		...answers("attach_type", (each) => each.attach_types),
		...answers("link_type", (each) => each.link_types),
		...types.map((type) =>
			row(`helpers of ${type}`, (each) => String(each.helpers.by_program_type[type]?.length ?? "-")),
		),
		...unionOf(kernels.map((each) => each.modules.loadable))
			.map((name) => row(`module:${name}`, (each) => moduleCell(each, name)))
			.filter(differs),
		...kfuncs
			.map((name) =>
				row(`kfunc:${name}`, (each) =>
					each.kfuncs.told ? signs[each.kfuncs.names.includes(name) ? "yes" : "no"] : "?",
				),
			)
			.filter(differs),
	];
}

function moduleCell(features: Features, name: string): string {
	if (features.modules.builtin.includes(name)) return "built in";
	return features.modules.loadable.includes(name) ? "yes" : "-";
}

function unionOf(lists: string[][]): string[] {
	return [...new Set(lists.flat())];
}
