// SPDX-License-Identifier: Apache-2.0
import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { diagnose, parseRequirements, readRequirements } from "./requirements.js";

describe("requirements", () => {
	const folder = mkdtempSync(join(tmpdir(), "bpfgate-doctor-"));
	afterAll(() => rmSync(folder, { recursive: true }));

	it("are read from the file that comes with bpfgate", async () => {
		const requirements = await readRequirements();
		expect(requirements).toContainEqual({
			purpose: "run",
			probe: { kind: "command", commands: [{ name: "qemu-system-x86_64" }] },
			apt: "qemu-system-x86",
			dnf: "qemu-system-x86-core",
			why: "boots the kernels",
		});
	});

	it.each([
		"run | command:a | b | c",
		"sing | command:a | b | c | d",
		"run | nose:a | b | c | d",
		"run | command:a>=x | b | c | d",
		"run | command:a, | b | c | d",
	])("are refused with their line: %s", (line) => {
		expect(() => parseRequirements("r.txt", `# head\n${line}\n`)).toThrow("r.txt: line 2: is not");
	});

	it("are looked for where they should be", async () => {
		mkdirSync(join(folder, "bin/directory"), { recursive: true });
		mkdirSync(join(folder, "lib/x86_64"), { recursive: true });
		writeFileSync(join(folder, "bin/there"), "");
		chmodSync(join(folder, "bin/there"), 0o755);
		writeFileSync(join(folder, "bin/plain"), "");
		writeFileSync(join(folder, "lib/x86_64/a.o"), "");
		const text = [
			"run | command:there | a | d | w",
			"run | command:plain | a | d | w",
			"run | command:directory | a | d | w",
			`pull | file:${folder}/lib/*/a.o | a | d | w`,
			`pull | file:${folder}/lib/*/b.o | a | d | w`,
		].join("\n");
		const found = await diagnose(parseRequirements("r", text), new Set(["run"]), join(folder, "bin"));
		expect(found.map(({ state }) => state)).toEqual(["ok", "missing", "missing", "ok", "absent"]);
		expect(found[0]).toMatchObject({ found: join(folder, "bin/there"), fix: [] });
		expect(found[1]?.fix).toEqual(["apt-get install a", "dnf install d"]);
		expect(found[3]?.found).toBe(join(folder, "lib/x86_64/a.o"));
	});

	it("may have another name, and are to be new enough", async () => {
		const bin = mkdtempSync(join(folder, "bin-"));
		const install = (name: string, says: string) => {
			writeFileSync(join(bin, name), `#!/bin/sh\necho '${says}'\n`);
			chmodSync(join(bin, name), 0o755);
		};
		const [line] = parseRequirements("r", "examples | command:cc-19,cc>=16 | a | d | w");
		const look = async () => (await diagnose([line!], new Set(), bin))[0];
		expect(await look()).toMatchObject({ name: "cc-19 or cc", state: "absent", found: "not on PATH" });
		install("cc", "Debian cc version 14.0.6");
		expect(await look()).toMatchObject({
			state: "absent",
			found: `${join(bin, "cc")} is version 14; 16 or newer is needed`,
		});
		install("cc", "cc version 21.1.0 (Fedora)");
		expect(await look()).toMatchObject({ name: "cc", state: "ok", found: join(bin, "cc"), fix: [] });
		install("cc-19", "nothing");
		expect(await look()).toMatchObject({ name: "cc-19", state: "ok" });
	});
});
