// SPDX-License-Identifier: Apache-2.0
import { expect, it } from "vitest";
import { writeCpio } from "./initramfs.js";
import { readCpio } from "./testcpio.js";

it("writes an archive that a reader of the format understands", () => {
	const data = Buffer.from("#!/bin/sh\n");
	const archive = writeCpio([
		{ kind: "folder", path: "dev", mode: 0o755 },
		{ kind: "device", path: "dev/console", mode: 0o600, major: 5, minor: 1 },
		{ kind: "file", path: "init", mode: 0o755, data },
		{ kind: "file", path: "empty", mode: 0o644, data: new Uint8Array(0) },
	]);
	expect(readCpio(archive)).toEqual([
		{ path: "dev", mode: 0o040755, device: [0, 0], data: "" },
		{ path: "dev/console", mode: 0o020600, device: [5, 1], data: "" },
		{ path: "init", mode: 0o100755, device: [0, 0], data: data.toString() },
		{ path: "empty", mode: 0o100644, device: [0, 0], data: "" },
	]);
	expect(archive.length % 4).toBe(0);
});

it("gives equal bytes for equal entries", () => {
	const entries = [{ kind: "folder" as const, path: "proc", mode: 0o755 }];
	expect(writeCpio(entries)).toEqual(writeCpio(entries));
});
