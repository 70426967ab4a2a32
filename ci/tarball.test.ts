// SPDX-License-Identifier: Apache-2.0
import { readFileSync } from "node:fs";
import { join, posix } from "node:path";
import { execaSync } from "execa";
import { beforeAll, describe, expect, it } from "vitest";
import { wrapped } from "../harness/machine/guest/build.js";

const checkout = join(import.meta.dirname, "..");
const read = (path: string) => readFileSync(join(checkout, path), "utf8");

describe("the npm package", () => {
	let paths: string[];
	beforeAll(() => {
		const pack = execaSync("npm", ["pack", "--dry-run", "--json", "--ignore-scripts"], { cwd: checkout });
		const [{ files }]: [{ files: { path: string }[] }] = JSON.parse(pack.stdout);
		paths = files.map(({ path }) => path);
	}, 60_000);

	it("has what links of its texts lead to", () => {
		const texts = paths.filter((path) => path.endsWith(".md"));
		expect(texts).toContain("README.md");
		const broken = texts.flatMap((text) =>
			[...read(text).matchAll(/\]\(([^)\s#]+)[^)]*\)/g)]
				.map(([, link = ""]) => link)
				.filter((link) => !/^(https?|mailto):/.test(link))
				.filter((link) => {
					const target = posix.join(posix.dirname(text), link).replace(/\/$/, "");
					return !paths.some((path) => path === target || path.startsWith(`${target}/`));
				})
				.map((link) => `${text}: ${link}`),
		);
		expect(broken).toEqual([]);
	});

	it("says for which architectures its agent is built", () => {
		const built = paths.flatMap((path) => path.match(/^build\/agent\/([^/]+)\/agent$/)?.[1] ?? []);
		expect(built).toEqual(["x86_64"]);
		expect(read("README.md")).toContain("prebuilt for x86-64 only");
	});

	it("has nothing that only the checkout needs", () => {
		const needless =
			/\.test\.|\.map$|tsbuildinfo|^ci\/setup$|\.ts$(?<!\.d\.ts)|^dist\/(?!bin\/).*\.js$|\/tour\.js$/;
		expect(paths.filter((path) => needless.test(path))).toEqual([]);
	});
});

it("NOTICE links the agent as the build does", () => {
	const notice = read("NOTICE");
	for (const name of wrapped) expect(notice).toContain(`-Wl,--wrap=${name}`);
});
