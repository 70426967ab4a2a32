// SPDX-License-Identifier: Apache-2.0
import { printable } from "../../base/printable.js";
import { table } from "../terminal/table.js";
import { chainLines } from "./inspect-chains.js";
import type { ObjectSummary, ProgramSummary, Summary } from "./inspect-summary.js";

export function summaryText(summary: Summary): string {
	const { name, version, sha256 } = summary.package;
	const head = [
		`${name} ${version}`,
		`sha256 ${sha256}`,
		...kernelLines(summary),
		...(summary.variants ?? []).map((set) => `one of ${set.join(", or ")}`),
		...(summary.guest_files ?? []).map(({ path, bytes }) => `guests have ${path} (${bytes} bytes)`),
		...tokenLines(summary),
		...summary.capabilities.map(({ case: name, reason }) => `${reason.message} [${name}]`),
	];
	const parts = [head, ...summary.objects.map(objectLines), ...summary.chains.map(chainLines)];
	return `${parts.map((lines) => lines.map(printable).join("\n")).join("\n\n")}\n`;
}

function kernelLines({ kernels: { from, to, requires } }: Summary): string[] {
	const range = [from && `from ${from}`, to && `to ${to}`].filter(Boolean).join(" ");
	return [
		...(range ? [`kernels ${range}`] : []),
		...(requires?.length ? [`requires ${requires.join(", ")}`] : []),
	];
}

function tokenLines({ token }: Summary): string[] {
	if (!token) return [];
	const kinds = Object.entries(token).filter(([, names]) => names.length > 0);
	if (kinds.length === 0) return ["token that grants nothing"];
	return ["token", ...indented(kinds.map(([kind, names]) => [kind, names.join(", ")]))];
}

function objectLines(object: ObjectSummary): string[] {
	const facts = [
		`${object.bytes} bytes`,
		...(object.link ? [`linked from ${object.link.join(", ")}`] : []),
		object.license === "" ? "no licence" : `licence ${object.license}`,
		object.btf ? "BTF" : "no BTF",
		...(object.byte_order === "big" ? ["big endian"] : []),
	];
	return [
		`${object.file}  (${facts.join(", ")})`,
		...indented([["program", "section", "type", "attaches to", "insns"], ...object.programs.map(programRow)]),
		...(object.maps.length > 0
			? indented([
					["map", "type", "key", "value", "entries"],
					...object.maps.map((map) => [
						map.name,
						map.inner ? `${map.type} of ${map.inner.type}` : map.type,
						String(map.key_size),
						String(map.value_size),
						map.max_entries === 0 ? "set at load" : String(map.max_entries),
					]),
				])
			: []),
		...needs(object),
	];
}

function programRow(program: ProgramSummary): string[] {
	const target = program.target ? ` ${program.target}` : "";
	const more = program.insns_with_functions - program.insns;
	return [
		`${program.name}${program.autoload ? "" : " (not loaded)"}`,
		program.section,
		program.type ? `${program.type}${program.sleepable ? ", sleepable" : ""}` : "unknown",
		program.attaches_to ? `${program.attaches_to}${target}` : "",
		more > 0 ? `${program.insns} + ${more}` : String(program.insns),
	];
}

/** What the kernel must have, one line each. */
function needs(object: ObjectSummary): string[] {
	const core = new Map<string, Set<string>>();
	for (const { type, field } of object.core) {
		const fields = core.get(type) ?? new Set();
		if (field !== "") fields.add(field);
		core.set(type, fields);
	}
	const externs = (kind: string) =>
		object.externs
			.filter((extern) => extern.kind === kind)
			.map(({ name, weak }) => (weak ? `${name} (optional)` : name));
	const lines: [string, string[]][] = [
		["maps that are not created", object.maps_not_created],
		["pinned maps", object.maps.flatMap(({ name, pin }) => (pin === undefined ? [] : [`${name} at ${pin}`]))],
		...object.programs.map(({ name, helpers }): [string, string[]] => [`helpers of ${name}`, helpers]),
		["kfuncs", externs("kfunc")],
		["kernel symbols", externs("ksym")],
		["kernel configuration", externs("kconfig")],
		[
			"CO-RE",
			[...core].map(([type, fields]) => (fields.size > 0 ? `${type} { ${[...fields].join(", ")} }` : type)),
		],
	];
	return lines.filter(([, list]) => list.length > 0).map(([what, list]) => `  ${what}: ${list.join(", ")}`);
}

function indented(rows: string[][]): string[] {
	return table(rows.map((row) => row.map(printable)))
		.split("\n")
		.map((text) => `  ${text}`);
}
