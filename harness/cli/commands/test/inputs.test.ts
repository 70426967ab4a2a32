// SPDX-License-Identifier: Apache-2.0
import { describe, expect, it } from "vitest";
import { InputError } from "../../../base/errors.js";
import { openPackage, type Package } from "../../../data/package/package.js";
import { openInputs } from "./inputs.js";

/** Opens `…/bad…` as broken, `nowhere…` as absent, and everything else as a package of its name. */
async function open(path: string): Promise<Package> {
	if (path.startsWith("nowhere")) return openPackage(path);
	const name = path.split("/").at(-1)!;
	if (name.startsWith("bad")) throw new InputError(path, "", "is no package");
	return { name, path } as Package;
}

async function opened(...paths: string[]) {
	try {
		const { packages, broken } = await openInputs(paths, {
			open,
			assertAmong({ name, path }, packages) {
				if (name === "lonely" && packages.length > 1)
					throw new InputError(path, "/chains/0", "is wrong here");
			},
		});
		return {
			packages: packages.map(({ name }) => name),
			broken: broken.map(({ name, errors }) => [name, ...errors.map(({ message }) => message)]),
		};
	} catch (error) {
		if (!(error instanceof AggregateError)) throw error;
		return { refused: error.errors.map(({ message }) => message) };
	}
}

describe("a broken input", () => {
	it("does not stop the others, and is called after its path", async () => {
		expect(await opened("good", "x/bad.bpf.o", "y/bad.o", "fine")).toEqual({
			packages: ["good", "fine"],
			broken: [
				["bad", "x/bad.bpf.o: is no package"],
				["y/bad.o", "y/bad.o: is no package"],
			],
		});
	});

	it("never takes the name of a package", async () => {
		const names = await opened("x/bad.o", "bar", "lonely");
		expect(names.broken).toEqual([
			["bad", "x/bad.o: is no package"],
			["lonely", "lonely: /chains/0: is wrong here"],
		]);
	});

	it("is refused when nothing is left to test", async () => {
		expect(await opened("bad1", "bad2")).toEqual({ refused: ["bad1: is no package", "bad2: is no package"] });
	});
});

describe("a wrong invocation stops everything", () => {
	it("where there is nothing at a path", async () => {
		expect(await opened("good", "nowhere.o")).toEqual({ refused: ["nowhere.o: does not exist"] });
	});

	it("where two packages have one name, and every mistake is named in order", async () => {
		expect(await opened("good", "bad1", "x/good", "bad2")).toEqual({
			refused: ["bad1: is no package", 'x/good: has the same name as good: "good"', "bad2: is no package"],
		});
	});

	it("but not where one path is named twice", async () => {
		expect(await opened("good", "good")).toEqual({ packages: ["good"], broken: [] });
	});
});
