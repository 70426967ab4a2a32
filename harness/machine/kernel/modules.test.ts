// SPDX-License-Identifier: Apache-2.0
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { afterEach, beforeEach, expect, it } from "vitest";
import { collectModules, loadOrder, readModulesDep, readModuleTree } from "./modules.js";
import { fakeModule } from "./testkernel.js";

let root: string;
let target: string;
beforeEach(async () => {
	root = await mkdtemp(join(tmpdir(), "bpfgate-test-"));
	target = join(root, "out");
	await mkdir(join(root, "in/kernel/net"), { recursive: true });
});
afterEach(() => rm(root, { recursive: true }));

const put = (name: string, content: Uint8Array | string) => writeFile(join(root, "in", name), content);

it("collects wanted modules with their dependencies, uncompressed, in load order", async () => {
	await put("kernel/virtio-console.ko", fakeModule("virtio_console", ["virtio", "virtio_ring"]));
	await put("kernel/virtio.ko.gz", gzipSync(fakeModule("virtio", ["virtio_ring"])));
	await put("kernel/virtio_ring.ko", fakeModule("virtio_ring"));
	await put("kernel/net/unwanted.ko", fakeModule("unwanted"));
	await put("kernel/note.txt", "not a module");
	const tree = await readModuleTree(join(root, "in"));
	expect(await collectModules(tree, ["virtio_console", "absent"], target)).toBe("6.12.1-test");
	expect((await readdir(target)).sort()).toEqual(
		["modules.dep", "modules.list", "virtio.ko", "virtio_console.ko", "virtio_ring.ko"].sort(),
	);
	expect(await readFile(join(target, "virtio.ko"))).toEqual(fakeModule("virtio", ["virtio_ring"]));
	expect(await readFile(join(target, "modules.list"), "utf8")).toBe(
		"unwanted\nvirtio\nvirtio_console\nvirtio_ring\n",
	);
	const modules = await readModulesDep(target);
	expect(loadOrder(modules, ["virtio_console", "veth"])).toEqual(["virtio_ring", "virtio", "virtio_console"]);
});

it("accepts a built-in dependency, and refuses a missing one", async () => {
	await put("kernel/a.ko", fakeModule("a", ["b"]));
	await put("modules.builtin", "kernel/lib/b.ko\n");
	await collectModules(await readModuleTree(join(root, "in")), ["a"], target);
	expect(await readFile(join(target, "modules.dep"), "utf8")).toBe("a.ko:\n");
	await put("modules.builtin", "kernel/lib/c.ko\n");
	const tree = await readModuleTree(join(root, "in"));
	await expect(collectModules(tree, ["a"], target)).rejects.toThrow("depends on b, which is missing");
});

it("accepts modules that depend on each other", async () => {
	await put("kernel/a.ko", fakeModule("a", ["b"]));
	await put("kernel/b.ko", fakeModule("b", ["a"]));
	await collectModules(await readModuleTree(join(root, "in")), ["a"], target);
	expect(loadOrder(await readModulesDep(target), ["a"])).toEqual(["b", "a"]);
});

it("refuses an invalid modules.dep", async () => {
	await put("modules.dep", "kernel/a.ko b.ko\n");
	await expect(readModulesDep(join(root, "in"))).rejects.toThrow("line 1: is not `module: dependencies`");
});
