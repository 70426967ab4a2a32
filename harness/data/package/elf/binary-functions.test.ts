// SPDX-License-Identifier: Apache-2.0
import { readFileSync } from "node:fs";
import { expect, it } from "vitest";
import { functionsOf } from "./binary-functions.js";

const server = readFileSync(new URL("../../../../programs/request-latency/demo-server", import.meta.url));

it("reads the functions of a binary from its symbol tables", () => {
	expect(functionsOf(server)).toContain("serve_request");
});

it.each([
	["nothing", new Uint8Array()],
	["a text", Buffer.from("#!/bin/sh")],
	["a binary cut short", server.subarray(0, 4096)],
	["a 32-bit binary", Buffer.from(server).fill(1, 4, 5)],
])("%s has none", (_, bytes) => {
	expect(functionsOf(bytes)).toEqual([]);
});

it("no changed byte of the header leads to anything but a list", () => {
	for (let at = 0; at < 64; at++)
		expect(Array.isArray(functionsOf(Buffer.from(server).fill(0xff, at, at + 1)))).toBe(true);
});
