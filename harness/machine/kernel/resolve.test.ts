// SPDX-License-Identifier: Apache-2.0
import { expect, it } from "vitest";
import type { DebianPackage } from "../debian/apt.js";
import { newestRelease } from "./resolve.js";

const pkg = (name: string, version: string, suite = "sid"): DebianPackage => ({
	name,
	version,
	suite,
	uri: `http://mirror.example/${name}`,
	size: 1,
	sha256: "0".repeat(64),
});
const line = {
	id: "7.2",
	suites: ["sid"],
	release: "7\\.2(\\.\\d+)?",
	packages: ["linux-binary", "linux-modules"],
};

it("uses the newest release by version, not by name", () => {
	const packages = ["7.2.9", "7.2.13"].flatMap((release) => [
		pkg(`linux-binary-${release}-cloud-amd64`, `${release}-1`),
		pkg(`linux-modules-${release}-cloud-amd64`, `${release}-1`),
	]);
	const release = newestRelease(line, packages);
	expect(release?.release).toBe("7.2.13-cloud-amd64");
	expect(release?.packages.map((each) => each.name)).toEqual([
		"linux-binary-7.2.13-cloud-amd64",
		"linux-modules-7.2.13-cloud-amd64",
	]);
});

it("skips a release that is not complete in one suite and version", () => {
	const packages = [
		pkg("linux-modules-7.2.14-cloud-amd64", "7.2.14-1"),
		pkg("linux-binary-7.2.13-cloud-amd64", "7.2.13-1"),
		pkg("linux-modules-7.2.13-cloud-amd64", "7.2.13-1", "forky"),
		pkg("linux-binary-7.2.12-cloud-amd64", "7.2.12-1"),
		pkg("linux-modules-7.2.12-cloud-amd64", "7.2.12-2"),
	];
	expect(newestRelease(line, packages)).toBeUndefined();
	packages.push(pkg("linux-modules-7.2.12-cloud-amd64", "7.2.12-1"));
	expect(newestRelease(line, packages)?.release).toBe("7.2.12-cloud-amd64");
});

it("uses optional packages where they exist", () => {
	const loose = { ...line, packages: ["linux-binary"], optional_packages: ["linux-modules"] };
	const packages = [pkg("linux-binary-7.2.1-x", "7.2.1-1")];
	expect(newestRelease(loose, packages)?.packages).toHaveLength(1);
	packages.push(pkg("linux-modules-7.2.1-x", "7.2.1-1"));
	expect(newestRelease(loose, packages)?.packages).toHaveLength(2);
});
