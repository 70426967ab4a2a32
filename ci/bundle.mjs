#!/usr/bin/env node
// SPDX-License-Identifier: Apache-2.0
// Bundles the command line and the library from dist/ into dist/bin, with the packages they use: starting Node with 600 small files
// takes four times as long. Code that only one command needs stays in a chunk that only that command loads.
import {
	chmodSync,
	existsSync,
	mkdirSync,
	readdirSync,
	readFileSync,
	renameSync,
	rmSync,
	writeFileSync,
} from "node:fs";
import { join, relative, sep } from "node:path";
import { fileURLToPath } from "node:url";
import { rolldown } from "rolldown";

const checkout = fileURLToPath(new URL("..", import.meta.url));
const dist = join(checkout, "dist");
const bin = join(dist, "bin");
const entries = { bpfgate: "cli/main", tour: "cli/tour", examples: "cli/examples", index: "index" };

/** In a bundle `import.meta.url` is the chunk; modules that read files beside them mean themselves. */
const ownUrls = {
	name: "own-urls",
	transform(code, id) {
		if (!id.startsWith(dist + sep) || !code.includes("import.meta.url")) return null;
		const url = `new URL(${JSON.stringify(relative(bin, id))}, import.meta.url).href`;
		return { code: code.replaceAll("import.meta.url", url) };
	},
};

const bundle = await rolldown({
	input: Object.fromEntries(Object.entries(entries).map(([name, file]) => [name, join(dist, `${file}.js`)])),
	platform: "node",
	plugins: [ownUrls],
});
const { output } = await bundle.generate({ format: "esm", chunkFileNames: "[name]-[hash].js" });
const programs = ["bpfgate.js", "tour.js", "examples.js"];
const files = new Map(output.map(({ fileName, code, source }) => [fileName, code ?? source]));
files.set("THIRD-PARTY-LICENSES.txt", licences(output.flatMap(({ moduleIds = [] }) => moduleIds)));
mkdirSync(bin, { recursive: true });
for (const [name, content] of files)
	replace(join(bin, name), content, programs.includes(name) ? 0o755 : 0o644);
for (const name of readdirSync(bin))
	if (!files.has(name)) rmSync(join(bin, name), { recursive: true, force: true });

/** Tests run the bundle while another one bundles the same again: what is the same stays untouched. */
function replace(path, content, mode) {
	if (!existsSync(path) || readFileSync(path, "utf8") !== String(content)) {
		const fresh = join(dist, `${process.pid}.new`);
		writeFileSync(fresh, content);
		renameSync(fresh, path);
	}
	chmodSync(path, mode);
}

/** The licences of the packages whose modules are in the bundle. */
function licences(modules) {
	const folders = modules.map((id) => /^.*[/\\]node_modules[/\\](?:@[^/\\]+[/\\])?[^/\\]+/.exec(id)?.[0]);
	return [...new Set(folders)]
		.filter((folder) => folder !== undefined && existsSync(join(folder, "package.json")))
		.sort()
		.map((folder) => {
			const { name, version, license } = JSON.parse(readFileSync(join(folder, "package.json"), "utf8"));
			const file = readdirSync(folder).find((each) => /^licen[cs]e/i.test(each));
			const text = file === undefined ? "" : `\n${readFileSync(join(folder, file), "utf8").trim()}\n`;
			return `${name} ${version} (${license})\n${text}`;
		})
		.join(`\n${"-".repeat(80)}\n\n`);
}
