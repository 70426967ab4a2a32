// SPDX-License-Identifier: Apache-2.0
import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { execa } from "execa";
import { afterAll, beforeAll, expect, it } from "vitest";

const checkout = fileURLToPath(new URL("../", import.meta.url));
const examples = [
	...readFileSync(join(checkout, "docs/library.md"), "utf8").matchAll(/^```ts\n(.*?)^```/gms),
].map(([, code]) => code ?? "");

/** A project that has bpfgate installed, with the examples of docs/library.md compiled. */
let project: string;
beforeAll(async () => {
	project = mkdtempSync(join(tmpdir(), "bpfgate-library-"));
	mkdirSync(join(project, "node_modules/@sinclair"), { recursive: true });
	mkdirSync(join(project, "node_modules/@types"));
	symlinkSync(checkout, join(project, "node_modules/bpfgate"));
	for (const name of ["@sinclair/typebox", "@types/node"])
		symlinkSync(join(checkout, "node_modules", name), join(project, "node_modules", name));
	symlinkSync(join(checkout, "programs"), join(project, "programs"));
	writeFileSync(join(project, "package.json"), '{ "type": "module" }');
	const compilerOptions = {
		...{ target: "ES2022", lib: ["ES2023", "ESNext.Disposable"], module: "NodeNext", strict: true },
		...{ types: ["node"], exactOptionalPropertyTypes: true },
	};
	const files = examples.map((_, index) => `example${index}.ts`);
	writeFileSync(join(project, "tsconfig.json"), JSON.stringify({ compilerOptions, files }));
	for (const [index, code] of examples.entries()) writeFileSync(join(project, `example${index}.ts`), code);
	await execa(join(checkout, "node_modules/.bin/tsc"), ["-p", project]);
});
afterAll(() => rmSync(project, { recursive: true }));

it.each([
	[0, /^program\/xdp_filter pass$/m],
	[1, /^compiler\/kernel pass$/m],
	[2, /^6\.12,load,program\/xdp_filter,pass$/m],
	[3, /^true\nundefined$/m],
])("example %i of docs/library.md compiles and runs", async (index, expected) => {
	const { stdout } = await execa("node", [`example${index}.js`], { cwd: project });
	expect(stdout).toMatch(expected);
});

it("the page has no other example", () => expect(examples).toHaveLength(4));
