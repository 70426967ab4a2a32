// SPDX-License-Identifier: Apache-2.0
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { execa } from "execa";
import { afterAll, beforeAll, expect, it } from "vitest";

let scratch: string;
beforeAll(() => {
	scratch = mkdtempSync(join(tmpdir(), "bpfgate-test-"));
});
afterAll(() => rmSync(scratch, { recursive: true }));

/** A command that ends with these, one after the other. */
async function ending(...statuses: number[]) {
	const tries = join(scratch, statuses.join("-"));
	const script = `echo >>"$0"; set -- ${statuses.join(" ")}; shift $(($(wc -l <"$0") - 1)); exit $1`;
	const run = await execa(join(import.meta.dirname, "patiently"), ["0", "bash", "-c", script, tries], {
		reject: false,
	});
	return {
		status: run.exitCode,
		tries: readFileSync(tries, "utf8").length,
		said: run.stderr.split("\n").filter((line) => line !== ""),
	};
}

it("is content with the first success, and says of each failure before it", async () => {
	expect(await ending(0)).toEqual({ status: 0, tries: 1, said: [] });
	const { said, ...late } = await ending(3, 1, 0);
	expect(late).toEqual({ status: 0, tries: 3 });
	expect(said.map((line) => line.replace(/ bash .*\/[-\d]+ /, " … "))).toEqual([
		"ci/patiently: … failed with status 3; once more in 0 s",
		"ci/patiently: … failed with status 1; once more in 0 s",
	]);
});

it("gives up after the third failure, and at once when more tries would not help", async () => {
	expect(await ending(3, 3, 4, 0)).toMatchObject({ status: 4, tries: 3 });
	expect(await ending(2, 0)).toEqual({ status: 2, tries: 1, said: [] });
	expect(await ending(130, 0)).toEqual({ status: 130, tries: 1, said: [] });
});
