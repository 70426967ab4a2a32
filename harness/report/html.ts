// SPDX-License-Identifier: Apache-2.0

import { listing } from "../base/listing.js";
import { escapeMarkup, printableLines } from "../base/printable.js";
import type { CaseResult, Results } from "../base/results.js";
import { announcedEntries, announcedTitle } from "./announced.js";
import { capabilities, capabilitiesTitle } from "./capabilities.js";
import { capturePaths } from "./captures.js";
import {
	caseName,
	caseRows,
	columns,
	legend,
	packageLabel,
	packageRows,
	type Row,
	signs,
	tallyLine,
} from "./cells.js";
import { coverageSection } from "./coverage.js";
import { kernelFindings } from "./kernel-findings.js";
import { leftOut } from "./left-out.js";
import { notes } from "./notes.js";
import { diffOf } from "./packets.js";
import { type SharedPicture, sharedPictures } from "./pictures.js";
import { few, onKernels, type ReasonEntry, reasonEntries, wordingLines } from "./reasons.js";

/** Most characters of one case's evidence on a page; the results document has all. */
const evidenceLimit = 8000;

const style = `
:root { color-scheme: light dark; --line: #8884; }
body { font: 15px/1.5 system-ui, sans-serif; max-width: 75rem; margin: 2rem auto; padding: 0 1rem; }
code, pre, td.name { font-family: ui-monospace, monospace; font-size: .9em; }
.wide { overflow-x: auto; }
table { border-collapse: collapse; margin: 1rem 0; }
th, td { border-bottom: 1px solid var(--line); padding: .25rem .6rem; text-align: left; }
td.pass, td.partial, td.fail, td.skip, td.announced, td.error, td.inapplicable, td.unfinished, th.kernel { text-align: center; }
td.pass, td.partial { background: #2a93; } td.fail { background: #d335; } td.skip, td.announced { background: #cc03; } td.error, td.unfinished { background: #a3d5; }
dt { margin-top: 1rem; } dd { margin: 0 0 0 1.5rem; } dd.hint::before { content: "→ "; }
pre { white-space: pre-wrap; overflow-wrap: anywhere; border-left: 3px solid var(--line); padding-left: .8rem; }
figure { margin: 1.5rem 0; } figure svg { max-width: none; }
pre.diff { white-space: pre; overflow-x: auto; overflow-wrap: normal; }
.interrupted { border: 2px solid #d33; padding: .5rem 1rem; }
`;

/** Columns of a diff, and most that a page has. */
const diffMedium = { width: 120, colour: false, unicode: true };
const maxDiffs = 200;
/** Most pictures of chains of one package. */
const maxPictures = 200;

/** A self-contained page without scripts, enforced by a policy. @param captures folder, relative */
export function html(results: Results, captures?: string): string {
	const { run } = results;
	const paths = capturePaths(results);
	const captured = [...paths.keys()];
	const diffs = new Set(captured.slice(0, maxDiffs));
	const packets = (result: CaseResult): string[] => {
		const path = paths.get(result);
		const diff = diffs.has(result) ? diffOf(result, diffMedium) : undefined;
		const link =
			captures === undefined || path === undefined
				? []
				: [
						`<p>Packets: <a href="${encodeURI(`${captures}/${path}`)}">${escapeMarkup(`${captures}/${path}`)}</a></p>`,
					];
		if (!diff) return link;
		const lines = diff.lines.map(escapeMarkup).join("\n");
		return [...link, `<p>${escapeMarkup(diff.title)}:</p>`, `<pre class="diff">${lines}</pre>`];
	};
	const parts = [
		"<!doctype html>",
		'<html lang="en">',
		"<head>",
		'<meta charset="utf-8">',
		`<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">`,
		'<meta name="viewport" content="width=device-width, initial-scale=1">',
		"<title>bpfgate report</title>",
		`<style>${style}</style>`,
		"</head>",
		"<body>",
		"<h1>bpfgate report</h1>",
		`<p>${tallyLine(results)}.</p>`,
		...(run.interrupted
			? ['<p class="interrupted">This run was interrupted; missing cases did not run.</p>']
			: []),
		table("package", packageRows(results), results, (index) => `#package-${index}`),
		`<p>${legend}</p>`,
		...leftOut(results).map((text) => `<p>${escapeMarkup(text)}</p>`),
		...questions(results),
		...reasons("Reasons", reasonEntries(results), results),
		...reasons(announcedTitle, announcedEntries(results), results, signs.announced),
		...results.packages.flatMap((_, index) => packageSection(results, index, packets)),
		...capabilitySection(results),
		...noteSection(results),
		...coverageSection(results),
		...kernelSection(results),
		...provenance(results),
		"</body>",
		"</html>",
	];
	return `${parts.join("\n")}\n`;
}

function table(corner: string, rows: Row[], results: Results, link?: (row: number) => string): string {
	const head = columns(results)
		.map((id) => `<th class="kernel">${escapeMarkup(id)}</th>`)
		.join("");
	const lines = rows.map(({ label, cells }, index) => {
		const text = escapeMarkup(label);
		const name = link ? `<a href="${link(index)}">${text}</a>` : text;
		const tds = cells.map((cell) => `<td class="${cell}">${signs[cell]}</td>`);
		return `<tr><td class="name">${name}</td>${tds.join("")}</tr>`;
	});
	return [
		'<div class="wide"><table>',
		`<thead><tr><th>${corner}</th>${head}</tr></thead>`,
		"<tbody>",
		...lines,
		"</tbody>",
		"</table></div>",
	].join("\n");
}

function questions({ checks = [] }: Results): string[] {
	if (checks.length === 0) return [];
	const items = checks.map(({ name, summary }) => `<li>${code(name)}: ${escapeMarkup(summary)}</li>`);
	return ["<ul>", ...items, "</ul>"];
}

function reasons(title: string, entries: readonly ReasonEntry[], results: Results, sign?: string): string[] {
	if (entries.length === 0) return [];
	const items = entries.flatMap((entry) => [
		`<dt>${sign ?? signs[entry.outcome]} <b>${escapeMarkup(entry.package)}</b>: ${listing(few(entry.cases.map(code)))} ${onKernels(entry.kernels.map(escapeMarkup), results)} (${code(entry.code)})</dt>`,
		...wordingLines(entry).map((line) => `<dd>${escapeMarkup(line)}</dd>`),
		`<dd class="hint">${escapeMarkup(entry.hint)}</dd>`,
	]);
	return [`<h2>${escapeMarkup(title)}</h2>`, "<dl>", ...items, "</dl>"];
}

function packageSection(
	results: Results,
	index: number,
	packets: (result: CaseResult) => string[],
): string[] {
	const record = results.packages[index]!;
	const { name, sha256 } = record;
	const own = results.results.filter((result) => result.package === name);
	const explained = own.filter(({ outcome }) => outcome !== "pass");
	const pictures = sharedPictures(own).slice(0, maxPictures);
	const drawn = new Set(pictures.flatMap((picture) => picture.results));
	return [
		`<h2 id="package-${index}">${escapeMarkup(packageLabel(record))}</h2>`,
		...(sha256 === undefined ? [] : [`<p>SHA-256 ${code(sha256)}</p>`]),
		table("case", caseRows(results, name), results),
		...pictures.flatMap((picture) => figure(picture, results)),
		...explained.flatMap((result) => evidence(result, packets(result), drawn.has(result))),
	];
}

/** A chain as declared, configured and executed. */
function figure({ results: [first, ...others], lines, svg }: SharedPicture, document: Results): string[] {
	if (!first) return [];
	const kernels = onKernels(
		[first, ...others].map(({ kernel }) => escapeMarkup(kernel)),
		document,
	);
	return [
		"<figure>",
		`<figcaption>${signs[first.outcome]} ${code(caseName(first))} ${kernels}</figcaption>`,
		`<div class="wide">${svg ?? `<pre class="diff">${lines.map(escapeMarkup).join("\n")}</pre>`}</div>`,
		"</figure>",
	];
}

function evidence(result: CaseResult, packets: string[], drawn: boolean): string[] {
	if (Object.keys(result.evidence).length === 0) return [];
	const { picture, svg, ...told } = result.evidence;
	const { log, packets: asBytes, ...others } = drawn ? told : result.evidence;
	const facts = packets.length > 0 || asBytes === undefined ? others : { ...others, packets: asBytes };
	const text = [
		...(Object.keys(facts).length > 0 ? printableLines(JSON.stringify(facts, null, 2)) : []),
		...(typeof log === "string" ? printableLines(log) : []),
	].join("\n");
	const kept = text.slice(-evidenceLimit);
	const cut = text.length - kept.length;
	return [
		"<details>",
		`<summary>${signs[result.outcome]} ${code(caseName(result))} on ${escapeMarkup(result.kernel)}</summary>`,
		...packets,
		...(cut > 0 ? [`<p>The first ${cut} characters are left out here; see the results document.</p>`] : []),
		`<pre>${kept.split("\n").map(escapeMarkup).join("\n")}</pre>`,
		"</details>",
	];
}

function kernelSection(results: Results): string[] {
	const items = kernelFindings(results).flatMap(({ kind, promises, kernels, text }) => [
		`<dt>${kind} ${onKernels(kernels.map(escapeMarkup), results)}: ${listing(promises.map(code))}</dt>`,
		`<dd>${escapeMarkup(text)}</dd>`,
	]);
	if (items.length === 0) return [];
	return ["<h2>The kernels' own findings</h2>", "<p>No package causes these.</p>", "<dl>", ...items, "</dl>"];
}

function capabilitySection(results: Results): string[] {
	const items = capabilities(results).map((text) => `<li>${escapeMarkup(text)}</li>`);
	return items.length > 0 ? [`<h2>${escapeMarkup(capabilitiesTitle)}</h2>`, "<ul>", ...items, "</ul>"] : [];
}

function noteSection(results: Results): string[] {
	const items = notes(results).map((text) => `<li>${escapeMarkup(text)}</li>`);
	return items.length > 0 ? ["<h2>Passed, with notes</h2>", "<ul>", ...items, "</ul>"] : [];
}

/** Kernels and versions of the run, so that it can be repeated. */
function provenance(results: Results): string[] {
	const { run } = results;
	const kernels = results.kernels.map(
		({ id, release, arch, image_sha256, source }) =>
			`<tr><td>${escapeMarkup(id)}</td><td>${escapeMarkup(release)}</td><td>${escapeMarkup(arch)}</td><td>${escapeMarkup(source ?? "")}</td><td class="name">${escapeMarkup(image_sha256)}</td></tr>`,
	);
	return [
		"<h2>Kernels</h2>",
		'<div class="wide"><table>',
		"<thead><tr><th>id</th><th>release</th><th>arch</th><th>source</th><th>image SHA-256</th></tr></thead>",
		"<tbody>",
		...kernels,
		"</tbody>",
		"</table></div>",
		"<h2>Run</h2>",
		`<p>${code(run.id)}: bpfgate ${escapeMarkup(run.bpfgate)}, QEMU ${escapeMarkup(run.qemu)}, ${run.accelerator}, ${run.jobs} VMs in parallel, ${escapeMarkup(run.started)} to ${escapeMarkup(run.finished)}. Durations are wall-clock time on the host.</p>`,
	];
}

function code(text: string): string {
	return `<code>${escapeMarkup(text)}</code>`;
}
