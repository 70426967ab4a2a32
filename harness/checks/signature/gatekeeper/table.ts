// SPDX-License-Identifier: Apache-2.0
import { readFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { replaceFile } from "../../../base/host-files.js";
import type { CaseResult, Results } from "../../../base/results.js";
import { gatekeepers } from "./artifacts.js";
import { promisesOf } from "./cases.js";

const begin = "<!-- measured: begin -->";
const end = "<!-- measured: end -->";

/**
 * What gatekeepers did on each kernel of a results document, one table for each, as Markdown.
 *
 * @throws Error when the document has no result of a case on one of its kernels
 */
export function gatekeeperTables({ kernels, results }: Results): string {
	const ids = kernels.map(({ id }) => id);
	return gatekeepers
		.map((name) => {
			const rows = [...promisesOf(name)].map(([each, { keeps, promised }]) => {
				const cells = ids.map((kernel) => {
					const found = results.find(
						(result) => result.case === `gatekeeper/${name}/${each}` && result.kernel === kernel,
					);
					if (!found) throw new Error(`no result of gatekeeper/${name}/${each} on ${kernel}`);
					return told(found);
				});
				return `| \`${each}\` | ${keeps} | ${promised ? "yes" : "no"} | ${cells.join(" | ")} |`;
			});
			const head = ["case", "it ...", "promised", ...ids];
			return [
				`### \`${name}\``,
				"",
				`| ${head.join(" | ")} |`,
				`|${head.map(() => "---|").join("")}`,
				...rows,
			].join("\n");
		})
		.join("\n\n");
}

function told({ outcome, evidence }: CaseResult): string {
	if (outcome === "skip") return "–";
	if (outcome !== "pass") return `**${outcome}**`;
	return evidence.stopped === false ? "**does not**" : "does";
}

/** The document with its measured part replaced. @throws Error when it has none */
export function withTables(document: string, tables: string): string {
	const start = document.indexOf(begin);
	const stop = document.indexOf(end);
	if (start < 0 || stop < start) throw new Error(`no lines ${begin} and ${end} in it`);
	return `${document.slice(0, start)}${begin}\n\n${tables}\n\n${document.slice(stop)}`;
}

/** `node dist/checks/signature/gatekeeper/table.js <results.json> <document>` */
if (process.argv[1] === fileURLToPath(import.meta.url)) {
	const [, , from = "", into = ""] = process.argv;
	const results = JSON.parse(await readFile(from, "utf8")) as Results;
	await replaceFile(into, withTables(await readFile(into, "utf8"), gatekeeperTables(results)));
}
