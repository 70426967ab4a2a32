// SPDX-License-Identifier: Apache-2.0
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { UndecidedError } from "../../base/errors.js";
import { type PullEvent, pullKernels } from "./pull.js";
import { storeKernel } from "./store.js";
import { fakeBzImage } from "./testkernel.js";

let root: string;
const offline = vi.fn(() => Promise.reject(new UndecidedError("no-mirror", "no mirror", "name one")));
beforeEach(async () => {
	root = await mkdtemp(join(tmpdir(), "bpfgate-test-"));
	vi.stubEnv("BPFGATE_CACHE", join(root, "cache"));
	await writeFile(join(root, "bzImage"), fakeBzImage("6.12.1-test"));
	offline.mockClear();
});
afterEach(async () => {
	vi.unstubAllEnvs();
	await rm(root, { recursive: true });
});

it("keeps what is in the store without asking a mirror, and goes on when another kernel fails", async () => {
	const stored = await storeKernel({
		id: "6.12",
		source: "test",
		packages: [],
		image: join(root, "bzImage"),
	});
	const events: PullEvent[] = [];
	const onEvent = (event: PullEvent) => events.push(event);
	expect(await pullKernels(["6.12", "6.12"], { mirrors: offline, onEvent })).toEqual([]);
	expect(events).toEqual([{ kind: "kept", id: "6.12", record: stored }]);
	expect(offline).not.toHaveBeenCalled();

	const errors = await pullKernels(["6.1", "6.12"], { mirrors: offline, onEvent });
	expect(errors).toMatchObject([{ code: "no-mirror" }]);
	expect(events.map((event) => `${event.id} ${event.kind}`)).toEqual(
		expect.arrayContaining(["6.1 failed", "6.12 kept"]),
	);
});

it("does not keep a damaged image", async () => {
	const { object } = await storeKernel({
		id: "6.12",
		source: "test",
		packages: [],
		image: join(root, "bzImage"),
	});
	await writeFile(join(root, "cache/kernels/objects", object, "image"), "damaged");
	expect(await pullKernels(["6.12"], { mirrors: offline })).toMatchObject([{ code: "no-mirror" }]);
	expect(offline).toHaveBeenCalledTimes(1);
});

it("refuses a line that is not in the catalog", async () => {
	await expect(pullKernels(["9.9"], { mirrors: offline })).rejects.toThrow(
		"kernel 9.9: is not in the catalog",
	);
});
