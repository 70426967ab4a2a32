// SPDX-License-Identifier: Apache-2.0
import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { fileURLToPath } from "node:url";
import { execaSync } from "execa";
import { afterEach, beforeEach, expect, it } from "vitest";

const script = fileURLToPath(new URL("missing", import.meta.url));
let folder: string;
beforeEach(() => {
	folder = mkdtempSync(join(tmpdir(), "bpfgate-missing-"));
	mkdirSync(join(folder, "bin"));
});
afterEach(() => rmSync(folder, { recursive: true }));

function install(name: string, says: string): void {
	writeFileSync(join(folder, "bin", name), `#!/bin/sh\necho '${says}'\n`);
	chmodSync(join(folder, "bin", name), 0o755);
}

function missing(manager: string, ...lines: string[]): string {
	const file = join(folder, "requirements.txt");
	writeFileSync(file, `# head\n\n${lines.join("\n")}\n`);
	const path = [join(folder, "bin"), process.env.PATH].join(delimiter);
	return execaSync(script, [manager, file], { env: { PATH: path } }).stdout;
}

const compiler = "examples | command:bg-cc-19,bg-cc>=16 | cc-19 | cc | compiles";

it("names the packages of either package manager, each once", () => {
	const others = [
		"run | file:/no/such/* | a b | c | why",
		"run | command:bg-none | b | c d | why",
		"run | command:sh | e | e | why",
		`run | file:${folder}/b* | e | e | why`,
	];
	expect(missing("apt", compiler, ...others)).toBe("a b cc-19");
	expect(missing("dnf", compiler, ...others)).toBe("c cc d");
});

it("takes either name of a tool, and the one without a version only when it is new enough", () => {
	install("bg-cc", "Debian bg-cc version 14.0.6");
	expect(missing("apt", compiler)).toBe("cc-19");
	install("bg-cc", "bg-cc of no version");
	expect(missing("dnf", compiler)).toBe("cc");
	install("bg-cc", "bg-cc version 16.0.6 (Fedora 16.0.6-1)\nTarget: x");
	expect(missing("dnf", compiler)).toBe("");
	install("bg-cc", "bg-cc version 14.0.6");
	install("bg-cc-19", "");
	expect(missing("apt", compiler)).toBe("");
});
