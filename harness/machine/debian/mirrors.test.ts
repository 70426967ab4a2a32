// SPDX-License-Identifier: Apache-2.0
import { describe, expect, it } from "vitest";
import { InputError } from "../../base/errors.js";
import { chooseMirrors, findMirrors } from "./mirrors.js";
import { parseList } from "./sources.js";

const configured = parseList(
	[
		"deb https://docker.example/linux/debian bookworm stable",
		"deb https://node.example/node_20.x nodistro main",
		"deb https://postgres.example/pub/repos/apt bookworm-pgdg main",
		"deb http://cache.example/debian/ bookworm main",
		"deb http://cache.example/debian-security bookworm-security main",
	].join("\n"),
);
const sources = async () => configured;

describe("chooseMirrors", () => {
	it("uses Debian's own archives and ignores third parties", () => {
		expect(chooseMirrors(configured)).toEqual({
			archive: "http://cache.example/debian",
			security: "http://cache.example/debian-security",
		});
	});

	it("prefers a source signed with Debian's key ring, at any address", () => {
		const signed = parseList(
			"deb http://a.example/debian sid main\n" +
				"deb [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] http://b.example/proxied trixie main\n",
		);
		expect(chooseMirrors(signed)).toEqual({ archive: "http://b.example/proxied" });
	});

	it("finds nothing on another distribution", () => {
		expect(chooseMirrors(parseList("deb http://a.example/ubuntu noble main\n"))).toEqual({});
	});
});

describe("findMirrors", () => {
	it("prefers an option over the environment, and the environment over apt's sources", async () => {
		const env = { BPFGATE_MIRROR: "http://env.example/debian/" };
		expect(await findMirrors({}, env, sources)).toEqual({
			archive: "http://env.example/debian",
			security: "http://cache.example/debian-security",
		});
		const named = await findMirrors({ archive: "file:/srv/debian" }, env, async () => []);
		expect(named).toEqual({ archive: "file:/srv/debian", security: "file:/srv/debian-security" });
	});

	it("refuses anything but an address, so that nothing else gets into a sources.list", async () => {
		for (const archive of ["debian", "http://a.example/debian sid main\ndeb http://b", "http://[x] y"]) {
			await expect(findMirrors({ archive }, {}, sources)).rejects.toBeInstanceOf(InputError);
		}
	});

	it("tells how to name a mirror when apt has none", async () => {
		await expect(findMirrors({}, {}, async () => [])).rejects.toMatchObject({ code: "no-mirror" });
	});
});
