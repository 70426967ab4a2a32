// SPDX-License-Identifier: Apache-2.0
import { join } from "node:path";
import { execa } from "execa";
import { beforeAll, describe, expect, it, vi } from "vitest";
import { temporaryFolder } from "../../data/package/testpackage.js";
import { openKey } from "../../data/signing/key.js";
import { readPassphrase } from "./passphrase.js";
import { compile } from "./testsession.js";

describe("a passphrase", () => {
	it("is a variable, whole", async () => {
		vi.stubEnv("SECRET", "two words ");
		vi.stubEnv("NOTHING", "");
		try {
			expect(await readPassphrase("env:SECRET")).toBe("two words ");
			await expect(readPassphrase("env:NOTHING")).rejects.toThrow("is empty");
			await expect(readPassphrase("env:NO_SUCH")).rejects.toThrow("there is no such variable");
		} finally {
			vi.unstubAllEnvs();
		}
	});

	it("is the first line of a file", async () => {
		await using folder = await temporaryFolder({
			unix: "a:b c\nmore\n",
			dos: "a:b c\r\n",
			bare: "a:b c",
			empty: "\nmore",
		});
		for (const name of ["unix", "dos", "bare"])
			expect(await readPassphrase(`file:${join(folder.path, name)}`)).toBe("a:b c");
		await expect(readPassphrase(`file:${join(folder.path, "empty")}`)).rejects.toThrow("is empty");
		await expect(readPassphrase(`file:${join(folder.path, "absent")}`)).rejects.toThrow("no such file");
		await expect(readPassphrase("pass:secret")).rejects.toThrow("must be env:NAME, file:PATH or prompt");
	});
});

describe("at a terminal", () => {
	beforeAll(compile);

	/** Types each line when it is asked for; `script` of util-linux is the terminal. */
	async function type(folder: string, lines: string[]): Promise<{ shown: string; status: number }> {
		const main = join(import.meta.dirname, "../../../dist/bin/bpfgate.js");
		const command = `'${process.execPath}' '${main}' keygen --out keys --type ecdsa --passphrase prompt`;
		const child = execa("script", ["-qec", command, "/dev/null"], { cwd: folder, reject: false, all: true });
		let shown = "";
		let asked = 0;
		child.all.on("data", (chunk) => {
			shown += chunk;
			const questions = shown.match(/Passphrase of the key: |Passphrase again: /g)?.length ?? 0;
			for (; asked < questions; asked++) child.stdin.write(lines[asked]!);
		});
		const { exitCode = -1 } = await child;
		return { shown, status: exitCode };
	}

	it("it is asked for twice, and not shown; backspace takes a character away", async () => {
		await using folder = await temporaryFolder();
		const { shown, status } = await type(folder.path, ["open sesamf\u007fe\r", "open sesame\r"]);
		expect(shown).toContain("encrypted");
		expect(shown).not.toContain("sesam");
		expect(status).toBe(0);
		const path = join(folder.path, "keys/key.pem");
		expect(await openKey(path, "open sesame")).toMatchObject({ kind: "file" });
		await expect(openKey(path, "open sesamf")).rejects.toThrow("does not open it");
	});

	it("it must be the same twice, and be given", async () => {
		await using folder = await temporaryFolder();
		const differing = await type(folder.path, ["one\r", "other\r"]);
		expect(differing.shown).toContain("bpfgate: --passphrase: prompt: the two passphrases differ");
		expect(differing.status).toBe(2);
		const interrupted = await type(folder.path, ["on\u0003"]);
		expect(interrupted.shown).toContain("bpfgate: --passphrase: prompt: was interrupted");
		expect(interrupted.status).toBe(2);
	});
});
