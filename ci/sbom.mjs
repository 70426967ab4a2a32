#!/usr/bin/env node
// SPDX-License-Identifier: Apache-2.0
// Writes what the npm package is made of, as CycloneDX (build/sbom.cdx.json): the npm packages in dist/bin, and the C
// libraries in the static programs of build/, in the versions that Debian's packages have here. The same sources give
// the same file: it has no time and no number of its own.
import { execFileSync } from "node:child_process";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

const checkout = fileURLToPath(new URL("..", import.meta.url));
const output = (command, ...args) => execFileSync(command, args, { cwd: checkout, encoding: "utf8" });

/** Debian's package that a static program takes the library from, and its licence (SPDX). */
const libraries = [
	["libelf-dev", "LGPL-3.0-or-later OR GPL-2.0-or-later"],
	["zlib1g-dev", "Zlib"],
	["libmsgpack-dev", "BSL-1.0"],
	["libxdp-dev", "LGPL-2.1-only OR BSD-2-Clause"],
	["libc6-dev", "LGPL-2.1-or-later"],
];

const bom = JSON.parse(output("npm", "sbom", "--package-lock-only", "--sbom-format", "cyclonedx"));
// Not by --omit dev: npm 11 takes away too what a development dependency needs as well.
const { packages } = JSON.parse(readFileSync(`${checkout}/package-lock.json`, "utf8"));
const used = new Set(
	Object.entries(packages)
		.filter(([path, { dev, devOptional }]) => path !== "" && !dev && !devOptional)
		.map(([path, { version }]) => `${path.replace(/^.*node_modules\//, "")}@${version}`),
);
bom.components = bom.components.filter((each) => used.has(`${each.name}@${each.version}`));
bom.dependencies = bom.dependencies.filter(({ ref }) => used.has(ref) || ref.startsWith("bpfgate@"));
for (const each of bom.dependencies) each.dependsOn = each.dependsOn.filter((ref) => used.has(ref));
delete bom.serialNumber;
delete bom.metadata.timestamp;
bom.metadata.component.name = "bpfgate";

const component = (name, version, purl, licence) => ({
	"bom-ref": purl,
	type: "library",
	name,
	version,
	scope: "required",
	purl,
	licenses: [{ expression: licence }],
});
const libbpf = /const libbpf = \{\s*version: "([^"]+)"/.exec(
	readFileSync(`${checkout}/harness/machine/guest/build.ts`, "utf8"),
);
bom.components.push(
	component("libbpf", libbpf[1], `pkg:github/libbpf/libbpf@v${libbpf[1]}`, "LGPL-2.1-only OR BSD-2-Clause"),
	...libraries.map(([name, licence]) => {
		const [, version] = output("dpkg-query", "--show", name).trim().split("\t");
		return component(name, version, `pkg:deb/debian/${name}@${encodeURIComponent(version)}`, licence);
	}),
);
mkdirSync(`${checkout}/build`, { recursive: true });
writeFileSync(`${checkout}/build/sbom.cdx.json`, `${JSON.stringify(bom, undefined, "\t")}\n`);
