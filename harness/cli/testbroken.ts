// SPDX-License-Identifier: Apache-2.0
import { cpSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterEach, beforeEach, expect, it } from "vitest";
import { sampleObject } from "../data/package/elf/testobject.js";
import { sampleManifest, tarOf } from "../data/package/testpackage.js";
import { testWith } from "./commands/test.js";
import { engine } from "./engine.js";
import { type Actions, createProgram } from "./program.js";
import { failureOf } from "./terminal/failure.js";

export const programs = fileURLToPath(new URL("../../programs/", import.meta.url));
const actions: Partial<Actions> = {
	test: async () => ({
		run: testWith({ ...engine, kernels: () => Promise.reject(new Error("a kernel is asked for")) }),
	}),
	inspect: () => import("./commands/inspect.js"),
	"vectors check": () => import("./commands/vectors/check-vectors.js"),
	verify: () => import("./commands/verify.js"),
	sign: () => import("./commands/sign.js"),
	"kernels add": () => import("./commands/kernels/add.js"),
	"token audit": () => import("./commands/token/audit.js"),
};

/** The scratch folder of a test. */
export let folder: string;
let cache: string | undefined;
beforeEach(() => {
	folder = mkdtempSync(join(tmpdir(), "bpfgate-broken-"));
	cache = process.env.BPFGATE_CACHE;
	process.env.BPFGATE_CACHE = join(folder, "cache");
});
afterEach(() => {
	if (cache === undefined) delete process.env.BPFGATE_CACHE;
	else process.env.BPFGATE_CACHE = cache;
	rmSync(folder, { recursive: true, force: true });
});

/** The exit status and the lines on standard error; the scratch folder is `…`. */
async function bpfgate(args: string[]): Promise<{ status: number; lines: string[] }> {
	const given = args.map((each) => each.replaceAll("…", folder));
	const context = { write: () => {}, signal: () => new AbortController().signal };
	try {
		await createProgram(actions, context).parseAsync(given, { from: "user" });
		return { status: Number(process.exitCode ?? 0), lines: [] };
	} catch (thrown) {
		const { status, lines } = failureOf(thrown, false);
		return { status, lines: lines.map((each) => each.replaceAll(folder, "…")) };
	} finally {
		process.exitCode = undefined;
	}
}

const tree = () => readdirSync(folder, { recursive: true, encoding: "utf8" }).sort();
export const put = (name: string, content: Uint8Array | string) => {
	mkdirSync(dirname(join(folder, name)), { recursive: true });
	writeFileSync(join(folder, name), content);
};
export const manifest = (content: unknown) =>
	put(
		"p/bpfgate.json",
		typeof content === "string" ? content : JSON.stringify({ ...sampleManifest, ...(content as object) }),
	);
export const sample = (more: object = {}) => {
	manifest(more);
	put("p/bpf/count.bpf.o", sampleObject());
};
export const object = (change: (bytes: Buffer) => Uint8Array) =>
	put("x.o", change(Buffer.from(sampleObject())));
export const at =
	(offset: number, ...values: number[]) =>
	(bytes: Buffer) => {
		bytes.set(values, offset);
		return bytes;
	};
export const vectors = (text: string, file = "v.yaml", captures: string[] = []) => {
	cpSync(join(programs, "signed-filter"), join(folder, "p"), { recursive: true });
	rmSync(join(folder, "p/vectors"), { recursive: true });
	rmSync(join(folder, "p/signatures"), { recursive: true });
	put(`p/vectors/${file}`, text);
	const path = join(folder, "p/bpfgate.json");
	writeFileSync(
		path,
		JSON.stringify({ ...JSON.parse(readFileSync(path, "utf8")), vectors: [`vectors/${file}`, ...captures] }),
	);
};
export const signed = (file: string, change: (bytes: Buffer) => Uint8Array | string) => {
	cpSync(join(programs, "signed-filter"), join(folder, "p"), { recursive: true });
	const path = `p/signatures/${file}`;
	put(path, change(readFileSync(join(folder, path))));
};
export const tar = (...entries: Parameters<typeof tarOf>[0]) =>
	tarOf([{ path: "bpfgate.json", data: JSON.stringify(sampleManifest) }, ...entries]);

/** What is wrong, how it is made, the command, and what that says. */
export type Row = [what: string, make: () => void, args: string[], line: string];
export const test = (path: string) => ["test", `…/${path}`, "--json", "…/out.json"];

/** Each row gets exit status 2 and its one line, and nothing is written. */
export function refuse(rows: readonly Row[]): void {
	it.each(rows)("%s", async (_what, make, args, line) => {
		make();
		const before = tree();
		expect(await bpfgate(args)).toEqual({ status: 2, lines: [`bpfgate: ${line}`] });
		expect(tree()).toEqual(before);
	});
}
