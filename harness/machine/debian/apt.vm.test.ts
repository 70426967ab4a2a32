// SPDX-License-Identifier: Apache-2.0
import { mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { sha256 } from "../../base/host-files.js";
import { download, findPackages } from "./apt.js";

const content = "what the archive holds";
let folder: string;
let server: Server;
let base: string;

beforeAll(async () => {
	folder = await mkdtemp(join(tmpdir(), "bpfgate-test-"));
	server = createServer((request, response) => {
		response.statusCode = request.url === "/pool/a_1.deb" ? 200 : 404;
		response.end(response.statusCode === 200 ? content : "no");
	}).listen(0, "127.0.0.1");
	await new Promise((resolve) => server.once("listening", resolve));
	base = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
afterAll(async () => {
	server.close();
	await rm(folder, { recursive: true });
});

it("names mirror and suite when the mirror lacks the suite, and keeps no index", async () => {
	const apt = { mirrors: { archive: base, security: base }, folder };
	const look = () => findPackages(apt, { name: "trixie-backports", arch: "amd64" }, () => true);
	const error = await look().catch((thrown: unknown) => thrown as Error);
	expect(error).toMatchObject({ name: "UndecidedError", code: "mirror-unreachable" });
	expect((error as Error).message).toContain(`${base} trixie-backports: `);
	expect((error as Error).message).not.toContain("\n");
	await expect(look()).rejects.toMatchObject({ code: "mirror-unreachable" });
});

it("downloads a file, reports progress, and keeps an existing one", async () => {
	const target = join(folder, "archives");
	const file = { uri: `${base}/pool/a_1.deb`, size: content.length, sha256: sha256(content) };
	const seen: number[] = [];
	const path = await download(file, target, (bytes) => seen.push(bytes));
	expect(await readFile(path, "utf8")).toBe(content);
	expect(seen.at(-1)).toBe(content.length);
	server.close();
	expect(await download(file, target)).toBe(path);
});

it("leaves no file behind when the digest differs", async () => {
	const target = join(folder, "bad");
	const other = createServer((_request, response) => response.end(content)).listen(0, "127.0.0.1");
	await new Promise((resolve) => other.once("listening", resolve));
	const uri = `http://127.0.0.1:${(other.address() as AddressInfo).port}/pool/b_1.deb`;
	const file = { uri, size: content.length, sha256: sha256("something else") };
	await expect(download(file, target)).rejects.toMatchObject({ code: "download-failed" });
	expect(await readdir(target)).toEqual([]);
	other.close();
});
