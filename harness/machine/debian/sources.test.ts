// SPDX-License-Identifier: Apache-2.0
import { describe, expect, it } from "vitest";
import { parseDeb822, parseList } from "./sources.js";

describe("parseList", () => {
	it("reads entries with and without options and skips the rest", () => {
		const text = [
			"# deb http://commented.example/debian bookworm main",
			"deb http://mirror.example/debian bookworm main contrib # after",
			"deb-src http://mirror.example/debian bookworm main",
			"deb [arch=amd64 signed-by=/usr/share/keyrings/k.gpg] https://b.example/debian sid main",
			"rubbish",
		].join("\n");
		expect(parseList(text)).toEqual([
			{ uris: ["http://mirror.example/debian"], suites: ["bookworm"], components: ["main", "contrib"] },
			{
				uris: ["https://b.example/debian"],
				suites: ["sid"],
				components: ["main"],
				signedBy: "/usr/share/keyrings/k.gpg",
			},
		]);
	});
});

describe("parseDeb822", () => {
	it("reads several suites, continuation lines and comments", () => {
		const text = [
			"Types: deb deb-src",
			"# a comment inside",
			"URIs: http://one.example/debian",
			" http://two.example/debian",
			"Suites: trixie trixie-updates",
			"Components: main",
			"Signed-By: /usr/share/keyrings/debian-archive-keyring.gpg",
			"",
			"Types: deb-src",
			"URIs: http://source.example/debian",
			"Suites: trixie",
			"Components: main",
			"",
			"Enabled: no",
			"Types: deb",
			"URIs: http://off.example/debian",
			"Suites: trixie",
			"Components: main",
		].join("\n");
		expect(parseDeb822(text)).toEqual([
			{
				uris: ["http://one.example/debian", "http://two.example/debian"],
				suites: ["trixie", "trixie-updates"],
				components: ["main"],
				signedBy: "/usr/share/keyrings/debian-archive-keyring.gpg",
			},
		]);
	});
});
