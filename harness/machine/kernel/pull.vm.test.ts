// SPDX-License-Identifier: Apache-2.0

import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { execa } from "execa";
import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { sha256 } from "../../base/host-files.js";
import type { DebianPackage } from "../debian/apt.js";
import { fetchRelease, type Limits, type PullEvent } from "./pull.js";
import { openKernel } from "./store.js";
import { fakeBzImage, fakeModule } from "./testkernel.js";

const release = "7.2.1+deb14-cloud-amd64";
const line = { id: "7.2", suites: ["sid"], release: "", packages: ["linux-binary", "linux-modules"] };
let root: string;
let server: Server;

beforeEach(async () => {
	root = await mkdtemp(join(tmpdir(), "bpfgate-test-"));
	vi.stubEnv("BPFGATE_CACHE", join(root, "cache"));
	server = createServer(async (request, response) => {
		response.end(
			await readFile(join(root, "pool", basename(decodeURIComponent(request.url ?? "")))).catch(
				() => undefined,
			),
		);
	}).listen(0, "127.0.0.1");
	await new Promise((resolve) => server.once("listening", resolve));
});
afterEach(async () => {
	vi.unstubAllEnvs();
	server.close();
	await rm(root, { recursive: true });
});

/** Builds a .deb with these files and publishes it. */
async function publish(name: string, files: Record<string, Uint8Array | string>): Promise<DebianPackage> {
	const tree = join(root, name);
	const control = `Package: ${name}\nVersion: 7.2.1-1\nArchitecture: all\nMaintainer: t <t@example.org>\nDescription: t\n`;
	for (const [path, content] of Object.entries({ ...files, "DEBIAN/control": control })) {
		await mkdir(join(tree, path, ".."), { recursive: true });
		await writeFile(join(tree, path), content);
	}
	const deb = join(root, "pool", `${name}.deb`);
	await mkdir(join(root, "pool"), { recursive: true });
	await execa("dpkg-deb", ["--build", "--root-owner-group", tree, deb]);
	const content = await readFile(deb);
	const uri = `http://127.0.0.1:${(server.address() as AddressInfo).port}/${name}.deb`;
	return { name, version: "7.2.1-1", suite: "sid", uri, size: content.length, sha256: sha256(content) };
}

it("stores image, modules and configuration from several packages and keeps none of the packages", async () => {
	const folder = `usr/lib/modules/${release}`;
	const packages = [
		await publish(`linux-binary-${release}`, { [`${folder}/vmlinuz`]: fakeBzImage(release) }),
		await publish(`linux-modules-${release}`, {
			[`${folder}/kernel/drivers/net/veth.ko`]: fakeModule("veth", [], release),
			[`${folder}/config`]: "CONFIG_BPF=y\n",
		}),
	];
	const kinds = new Set<PullEvent["kind"]>();
	await fetchRelease(line, { release, packages }, (event) => kinds.add(event.kind));
	expect([...kinds]).toEqual(["downloading", "storing", "stored"]);
	const kernel = await openKernel("7.2");
	expect(kernel).toMatchObject({ release, source: `linux-binary-${release} 7.2.1-1` });
	expect(await readFile(kernel.config ?? "", "utf8")).toBe("CONFIG_BPF=y\n");
	expect(await readdir(kernel.modules ?? "")).toContain("veth.ko");
	expect(await readdir(join(root, "cache/debian/archives"))).toEqual([]);
	expect((await readdir(join(root, "cache/kernels"))).sort()).toEqual(["7.2.json", "modules", "objects"]);
});

it("stores nothing from a package without an image, or from a broken package", async () => {
	const empty = await publish(`linux-binary-${release}`, { "usr/share/doc/x": "x" });
	const fetched = fetchRelease(line, { release, packages: [empty] }, () => {});
	await expect(fetched).rejects.toThrow("contains no kernel image");
	await writeFile(join(root, "pool/rubbish.deb"), "rubbish");
	const uri = empty.uri.replace(/[^/]*$/, "rubbish.deb");
	const rubbish = { ...empty, uri, size: 7, sha256: sha256("rubbish") };
	await expect(fetchRelease(line, { release, packages: [rubbish] }, () => {})).rejects.toThrow(
		"is not a sound Debian package",
	);
	expect(await readdir(join(root, "cache/kernels"))).toEqual([]);
	expect(await readdir(join(root, "cache/debian/archives"))).toEqual([]);
});

it("two pulls of one kernel at once both store it, whichever ends first", async () => {
	const packages = [
		await publish(`linux-binary-${release}`, {
			[`usr/lib/modules/${release}/vmlinuz`]: fakeBzImage(release),
		}),
	];
	const moment = () => {
		let come = () => {};
		const reached = new Promise<void>((resolve) => {
			come = resolve;
		});
		return { come, reached };
	};
	const [both, ended] = [moment(), moment()];
	const pull = (installs: Limits["installs"]) =>
		fetchRelease(line, { release, packages }, () => {}, { downloads: (task) => task(), installs });
	const first = pull(async (task) => {
		await both.reached;
		return task();
	});
	const second = pull(async (task) => {
		both.come();
		await ended.reached;
		return task();
	});
	await first;
	ended.come();
	await second;
	expect((await openKernel("7.2")).release).toBe(release);
	expect(await readdir(join(root, "cache/debian/archives"))).toEqual([]);
	expect((await readdir(join(root, "cache/kernels"))).sort()).toEqual(["7.2.json", "objects"]);
});
