// SPDX-License-Identifier: Apache-2.0
import { readFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { replaceFile } from "../../base/host-files.js";
import type { Results } from "../../base/results.js";
import { gatekeepers } from "../../checks/signature/gatekeeper/artifacts.js";
import type { KernelPromise } from "../../lab/promise.js";
import { promisesOf } from "./gatekeeper-promises.js";

const begin = "<!-- measured: begin -->";
const end = "<!-- measured: end -->";

/** What gatekeepers did on each kernel, as Markdown tables. @throws Error for a missing promise */
export function gatekeeperTables({ kernels }: Pick<Results, "kernels">): string {
	return gatekeepers
		.map((gatekeeper) => {
			const rows = [...promisesOf(gatekeeper)].map(([each, { does, promised }]) => {
				const cells = kernels.map(({ id, promises }) => {
					const name = `${gatekeeper}/${each}`;
					const found = promises?.gatekeepers?.find((promise) => promise.name === name);
					if (!found) throw new Error(`no promise ${name} of ${id}`);
					return inWords(found);
				});
				return `| \`${each}\` | ${does} | ${promised ? "yes" : "no"} | ${cells.join(" | ")} |`;
			});
			const head = ["case", "the gatekeeper ...", "promised", ...kernels.map(({ id }) => id)];
			return [
				`### \`${gatekeeper}\``,
				"",
				`| ${head.join(" | ")} |`,
				`|${head.map(() => "---|").join("")}`,
				...rows,
			].join("\n");
		})
		.join("\n\n");
}

function inWords({ lack, kept, weakness }: KernelPromise): string {
	if (lack !== undefined) return "–";
	if (!kept) return "**broken**";
	return weakness === undefined ? "does" : "**does not**";
}

/** The document with its measured part replaced. @throws Error when it has none */
export function withTables(document: string, tables: string): string {
	const start = document.indexOf(begin);
	const stop = document.indexOf(end);
	if (start < 0 || stop < start) throw new Error(`it has no lines ${begin} and ${end}`);
	return `${document.slice(0, start)}${begin}\n\n${tables}\n\n${document.slice(stop)}`;
}

/** `node dist/qualify/gatekeepers/gatekeeper-tables.js <results.json> <document>` */
if (process.argv[1] === fileURLToPath(import.meta.url)) {
	const [, , from = "", into = ""] = process.argv;
	const results = JSON.parse(await readFile(from, "utf8")) as Results;
	await replaceFile(into, withTables(await readFile(into, "utf8"), gatekeeperTables(results)));
}
