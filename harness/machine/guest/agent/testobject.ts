// SPDX-License-Identifier: Apache-2.0

import { mkdtemp, readFile, rm } from "node:fs/promises";
import { machine, tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { execa } from "execa";
import { findTool } from "../tool.js";

const root = join(import.meta.dirname, "../../../..");

/** Runs a compiler in a temporary folder; returns the bytes of its output file. */
async function made(command: (output: string) => [tool: string, args: string[]]): Promise<Uint8Array> {
	const folder = await mkdtemp(join(tmpdir(), "bpfgate-test-"));
	const output = join(folder, "output");
	try {
		await execa(...command(output));
		return await readFile(output);
	} finally {
		await rm(folder, { recursive: true });
	}
}

/** testoperations.bpf.c: a map of each kind; `-DUNREADABLE` adds some that cannot be read. */
export function compileObject(...flags: string[]): Promise<Uint8Array> {
	return compileBpf("testdata/testoperations.bpf.c", ...flags);
}

const compiled = new Map<string, Promise<Uint8Array>>();

/** A BPF object of a source in this folder, or of an absolute path; compiled once. */
export function compileBpf(source: string, ...flags: string[]): Promise<Uint8Array> {
	const key = [source, ...flags].join("\n");
	const object = compiled.get(key) ?? compile(source, flags);
	compiled.set(key, object);
	return object;
}

async function compile(source: string, flags: string[]): Promise<Uint8Array> {
	const libbpf = join(root, "build/libbpf");
	const clang = await findTool("clang");
	return made((output) => [
		clang,
		[
			...["-target", "bpf", "-mcpu=v3", "-O2", "-g", "-Wall", "-Werror", ...flags],
			...["-isystem", join(libbpf, "include"), "-isystem", join(libbpf, "uapi")],
			...["-idirafter", `/usr/include/${machine()}-linux-gnu`],
			...["-c", resolve(import.meta.dirname, source), "-o", output],
		],
	]);
}

/** testcommand.c, linked statically: guests have no libraries. */
export function compileCommand(): Promise<Uint8Array> {
	return compileBinary("testdata/testcommand.c", "-static");
}

/** A binary of a C source in this folder, or of an absolute path. */
export async function compileBinary(source: string, ...flags: string[]): Promise<Uint8Array> {
	const compiler = await findTool("gcc");
	const path = resolve(import.meta.dirname, source);
	return made((output) => [compiler, ["-O2", "-Wall", "-Wextra", "-Werror", "-o", output, path, ...flags]]);
}
