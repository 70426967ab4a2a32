// SPDX-License-Identifier: Apache-2.0
import { mkdir, mkdtemp, readdir, readFile, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { sha256 } from "../../base/host-files.js";
import { addKernel } from "./add.js";
import { allModules } from "./all-modules.js";
import { initramfsFor } from "./initramfs.js";
import { listKernels } from "./list.js";
import { openKernel, storedIds, storeFolder, storeKernel } from "./store.js";
import { readCpio } from "./testcpio.js";
import { fakeBzImage, fakeModule } from "./testkernel.js";

let root: string;
beforeEach(async () => {
	root = await mkdtemp(join(tmpdir(), "bpfgate-test-"));
	vi.stubEnv("BPFGATE_CACHE", join(root, "cache"));
	await mkdir(join(root, "modules/kernel"), { recursive: true });
	await writeFile(join(root, "bzImage"), fakeBzImage("6.12.1-test"));
	await writeFile(join(root, "agent"), "the agent");
});
afterEach(async () => {
	vi.unstubAllEnvs();
	await rm(root, { recursive: true });
});

const module = (name: string, depends: string[] = [], release?: string) =>
	writeFile(join(root, "modules/kernel", `${name}.ko`), fakeModule(name, depends, release));
const parts = () => ({ id: "mine", source: "test", packages: [], image: join(root, "bzImage") });

it("stores a kernel and opens it again", async () => {
	await module("virtio_console", ["virtio"]);
	await module("virtio");
	await writeFile(join(root, ".config"), "CONFIG_BPF=y\n");
	await storeKernel({ ...parts(), modules: join(root, "modules"), config: join(root, ".config") });
	const kernel = await openKernel("mine");
	expect(kernel).toMatchObject({ id: "mine", release: "6.12.1-test", arch: "x86_64", source: "test" });
	expect(await readFile(kernel.image)).toEqual(fakeBzImage("6.12.1-test"));
	expect(await readFile(kernel.config ?? "", "utf8")).toBe("CONFIG_BPF=y\n");
	expect(kernel.image_sha256).toBe(sha256(fakeBzImage("6.12.1-test")));
	expect(await storedIds()).toEqual(["mine"]);
	// Packages may need any of its modules, not only those that every guest has.
	await module("bridge", ["stp"]);
	await storeKernel({ ...parts(), modules: join(root, "modules") });
	expect([...(await allModules(kernel)).files.keys()].sort()).toEqual(["bridge", "virtio", "virtio_console"]);
	// Nothing temporary stays.
	expect((await readdir(join(storeFolder(), "objects"))).every((name) => /^[0-9a-f]{64}$/.test(name))).toBe(
		true,
	);
});

it("a record or an image that the system refuses to read is not one that is missing", async () => {
	await storeKernel(parts());
	const { image } = await openKernel("mine");
	const refused = { code: "ELOOP" };
	for (const path of [image, join(storeFolder(), "mine.json")]) {
		await rm(path);
		await symlink(path, path);
		await expect(openKernel("mine")).rejects.toMatchObject(refused);
	}
	await rm(storeFolder(), { recursive: true });
	await symlink(storeFolder(), storeFolder());
	await expect(storedIds()).rejects.toMatchObject(refused);
});

it("says that modules are not here, and what to do", async () => {
	await storeKernel(parts());
	const kernel = await openKernel("mine");
	await expect(allModules(kernel)).rejects.toMatchObject({
		code: "modules-not-here",
		message: "the modules of kernel mine are not here: it was added without them (kernels add --modules)",
	});
});

it("reports an image that is damaged or missing", async () => {
	await storeKernel(parts());
	const { image } = await openKernel("mine");
	const bytes = await readFile(image);
	bytes[3000] = (bytes[3000] ?? 0) ^ 1;
	await writeFile(image, bytes);
	const error = { name: "UndecidedError", code: "store-damaged", hint: /kernels add <image> --id mine/ };
	await expect(openKernel("mine")).rejects.toMatchObject({
		...error,
		hint: expect.stringMatching(error.hint),
	});
	await rm(image);
	await expect(openKernel("mine")).rejects.toThrow(/is missing/);
	await storeKernel(parts());
	expect((await openKernel("mine")).release).toBe("6.12.1-test");
});

it("distinguishes a kernel that was not pulled from an unknown one", async () => {
	await expect(openKernel("6.12")).rejects.toMatchObject({ code: "kernel-not-pulled" });
	await expect(openKernel("9.9")).rejects.toThrow(
		/^kernel 9.9: is unknown; known are 5.10, .*, and the groups default and all$/,
	);
	await expect(openKernel("../../etc/passwd")).rejects.toThrow(/is unknown/);
});

it("reports where a record is broken", async () => {
	await storeKernel(parts());
	const record = join(storeFolder(), "mine.json");
	await writeFile(record, "{}");
	await expect(openKernel("mine")).rejects.toThrow(
		/mine\.json: \/: key "format" is missing; add the image again/,
	);
	await writeFile(record, "{");
	await expect(openKernel("mine")).rejects.toThrow(/mine\.json: is not JSON/);
});

it("refuses modules of another kernel and stores nothing", async () => {
	await module("virtio_console", [], "6.1.0-other");
	const stored = storeKernel({ ...parts(), modules: join(root, "modules") });
	await expect(stored).rejects.toThrow("has modules of 6.1.0-other, but the image is 6.12.1-test");
	expect(await storedIds()).toEqual([]);
	expect(await readdir(join(storeFolder(), "objects"))).toEqual([]);
});

it("removes what a killed runner left unfinished", async () => {
	const objects = join(storeFolder(), "objects");
	// Beyond the largest process id, proc(5).
	await mkdir(join(objects, "bpfgate-4194304-abcdef/object"), { recursive: true });
	const { object } = await storeKernel(parts());
	expect(await readdir(objects)).toEqual([object]);
});

it("lists the catalog first, then the user's kernels", async () => {
	await storeKernel(parts());
	const kernels = await listKernels();
	expect(kernels[0]).toEqual({ id: "5.10", default: true, suites: ["bullseye-security"], here: false });
	expect(kernels.at(-1)).toMatchObject({ id: "mine", default: false, here: true, release: "6.12.1-test" });
});

it("lists the other kernels when one record is broken, and how to fix it", async () => {
	await storeKernel(parts());
	await storeKernel({ ...parts(), id: "6.12" });
	await writeFile(join(storeFolder(), "6.12.json"), "{");
	await writeFile(join(storeFolder(), "theirs.json"), "{}");
	const kernels = new Map((await listKernels()).map((kernel) => [kernel.id, kernel]));
	expect(kernels.get("mine")).toMatchObject({ here: true, release: "6.12.1-test" });
	expect(kernels.get("6.12")).toEqual({
		id: "6.12",
		default: true,
		suites: expect.any(Array),
		here: false,
		problem: expect.stringMatching(/6\.12\.json: is not JSON; .*: bpfgate kernels pull 6\.12 --force$/),
	});
	expect(kernels.get("theirs")?.problem).toMatch(/"format" is missing; .* kernels add <image> --id theirs$/);
	await expect(openKernel("9.9")).rejects.toThrow(/known are 5\.10, .*, mine, theirs, and the groups/);
});

it("makes an initramfs with modules in load order, once", async () => {
	await module("virtio_console", ["virtio"]);
	await module("virtio");
	await module("nf_conntrack", ["nf_defrag_ipv4"]);
	await module("nf_defrag_ipv4");
	await storeKernel({ ...parts(), modules: join(root, "modules") });
	const kernel = await openKernel("mine");
	const first = await initramfsFor(kernel, join(root, "agent"));
	const entries = readCpio(await readFile(first.path));
	const paths = entries.map((entry) => entry.path);
	expect(paths.filter((path) => path.endsWith(".ko"))).toEqual([
		"modules/000-virtio.ko",
		"modules/001-virtio_console.ko",
		"modules/lazy/nf_defrag_ipv4.ko",
		"modules/lazy/nf_conntrack.ko",
	]);
	const content = (path: string) => entries.find((entry) => entry.path === path)?.data;
	expect(content("modules/lazy/order")).toBe("nf_defrag_ipv4:\nnf_conntrack: nf_defrag_ipv4\n");
	expect(content("init")).toBe("the agent");
	expect(entries.find((entry) => entry.path === "dev/console")?.device).toEqual([5, 1]);
	expect(first.sha256).toBe(sha256(await readFile(first.path)));

	expect(await initramfsFor(kernel, join(root, "agent"))).toEqual(first);
	await writeFile(first.path, "damaged");
	expect(await initramfsFor(kernel, join(root, "agent"))).toEqual(first);
	expect(sha256(await readFile(first.path))).toBe(first.sha256);
	await writeFile(join(root, "agent"), "another agent");
	expect((await initramfsFor(kernel, join(root, "agent"))).path).not.toBe(first.path);
});

it("refuses a damaged module and a missing agent for an initramfs", async () => {
	await module("virtio_console");
	await storeKernel({ ...parts(), modules: join(root, "modules") });
	const kernel = await openKernel("mine");
	await expect(initramfsFor(kernel, join(root, "none"))).rejects.toMatchObject({ code: "agent-missing" });
	await writeFile(join(kernel.modules ?? "", "virtio_console.ko"), fakeModule("other"));
	await expect(initramfsFor(kernel, join(root, "agent"))).rejects.toMatchObject({ code: "store-damaged" });
});

it("adds a user's kernel under its release, and refuses one without a port to the runner", async () => {
	const image = join(root, "bzImage");
	expect(await addKernel({ image })).toMatchObject({ id: "6.12.1-test", source: image });
	await expect(addKernel({ image, id: "6.12" })).rejects.toThrow("6.12 is a line of the catalog");
	await expect(addKernel({ image, id: "a/b" })).rejects.toThrow("is not a valid kernel name");
	for (const id of ["between", "all", "default"])
		await expect(addKernel({ image, id })).rejects.toThrow(
			`${id}: is not available as a kernel name: it stands for`,
		);
	for (const id of ["between-two", "constructor"])
		expect(await addKernel({ image, id })).toMatchObject({ id });
	await expect(addKernel({ image, modules: image })).rejects.toThrow("is not a folder");
	await expect(addKernel({ image, modules: join(root, "empty") })).rejects.toThrow("is not a folder");
	await mkdir(join(root, "empty"));
	await expect(addKernel({ image, modules: join(root, "empty") })).rejects.toThrow(
		"empty: contains no modules",
	);
	const config = join(root, ".config");
	await expect(addKernel({ image, config })).rejects.toThrow(".config: cannot be read");
	await writeFile(config, "hello");
	await expect(addKernel({ image, config })).rejects.toThrow("is not a kernel configuration");
	await writeFile(config, "CONFIG_VIRTIO_PCI=y\n# CONFIG_VIRTIO_CONSOLE is not set\n");
	await expect(addKernel({ image, config })).rejects.toThrow("CONFIG_VIRTIO_CONSOLE: is off");
	await module("virtio_console");
	await writeFile(config, "CONFIG_VIRTIO_PCI=y\nCONFIG_VIRTIO_CONSOLE=m\n");
	await expect(addKernel({ image, config })).rejects.toThrow("--modules does not have it");
	expect((await addKernel({ image, config, modules: join(root, "modules") })).config_sha256).toBeDefined();
});
