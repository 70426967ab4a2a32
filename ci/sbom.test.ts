// SPDX-License-Identifier: Apache-2.0
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { execaSync } from "execa";
import { expect, it } from "vitest";

const checkout = join(import.meta.dirname, "..");
const read = (path: string) => readFileSync(join(checkout, path), "utf8");
const make = () => {
	execaSync(join(checkout, "ci/sbom.mjs"));
	return read("build/sbom.cdx.json");
};

interface Component {
	name: string;
	version: string;
	purl: string;
}

it("lists every npm package of the bundle, and every library of the static programs", () => {
	const text = make();
	const {
		bomFormat,
		metadata,
		components,
	}: { bomFormat: string; metadata: object; components: Component[] } = JSON.parse(text);
	expect(bomFormat).toBe("CycloneDX");
	expect(metadata).toMatchObject({ component: { name: "bpfgate" } });
	const listed = components.map(({ name, version }) => `${name} ${version}`);
	const bundled = [...read("dist/bin/THIRD-PARTY-LICENSES.txt").matchAll(/^(\S+ \d+\.\d+\.\d+\S*) \(/gm)];
	expect(bundled.length).toBeGreaterThan(5);
	for (const [, name] of bundled) expect(listed).toContain(name);
	const programs = /statically[\s\S]*?\n\n([\s\S]*?)\n\n/.exec(read("NOTICE"))![1]!;
	const linked = new Set(programs.split("\n").flatMap((line) => line.trim().split(/ {2,}/)[1]!.split(", ")));
	const packages: Record<string, string> = {
		libelf: "libelf-dev",
		zlib: "zlib1g-dev",
		"msgpack-c": "libmsgpack-dev",
		libxdp: "libxdp-dev",
		glibc: "libc6-dev",
	};
	const names = components.map(({ name }) => name);
	for (const library of linked) expect(names).toContain(packages[library] ?? library);
	expect(components.every(({ version, purl }) => version !== "" && purl.startsWith("pkg:"))).toBe(true);
});

it("is the same file each time", () => {
	expect(make()).toBe(make());
});

it("no dependency runs a script when it is installed", () => {
	const { packages } = JSON.parse(read("package-lock.json")) as { packages: Record<string, object> };
	expect(Object.keys(packages).filter((name) => "hasInstallScript" in packages[name]!)).toEqual([]);
});
