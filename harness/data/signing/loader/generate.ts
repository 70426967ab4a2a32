// SPDX-License-Identifier: Apache-2.0

import { createHash } from "node:crypto";
import { fileURLToPath } from "node:url";
import { decode, encode } from "@msgpack/msgpack";
import { type Static, Type } from "@sinclair/typebox";
import { execa } from "execa";
import { Bytes, validator } from "../../../base/validate.js";
import { rodataOf } from "../../package/elf/rodata.js";
import type { PackageObject } from "../../package/package.js";
import { toldMaps, toldPrograms, wantedPrograms } from "../../package/told.js";
import { undecided } from "../../reasons/registry/registry.js";
import type { Contract } from "../contract.js";
import { insistingOnExclusiveMap, withoutOverrides } from "./harden.js";
import { countedPrograms, maxPrograms, withRoomFor } from "./stack.js";
import { boundToMachine, Unsignable } from "./unsignable.js";

/** The program that makes loaders, or where it will be. */
export const generatorPath = fileURLToPath(new URL("../../../../build/loader/gen-loader", import.meta.url));

/** Entries of a map as large as the CPUs: signed loaders make maps of one, large enough size. */
export const signedCpus = 1024;

/** Milliseconds. A loader takes a fraction of a second, some seconds with much data. */
const patience = 300_000;
const maxLoaderBytes = 1024 * 1024 * 1024;

/** A program that makes the maps of an object and loads its programs, and what it needs to run. */
export interface Loader {
	contract: Contract;
	/** A BPF_PROG_TYPE_SYSCALL program, little endian; its only map is index 0 of `fd_array`. */
	insns: Uint8Array;
	/** Value of that map: an array of one element of this size, frozen. */
	data: Uint8Array;
	/** `excl_prog_hash` with which that map is made: SHA-256 of `insns`, lower-case hexadecimal. */
	exclProgHash: string;
	/** In the order of the descriptors (`contextLayout`) in the context with which it is run. */
	maps: string[];
	/** Those that are loaded, in the same way. */
	programs: string[];
}

const Answer = Type.Object({
	plain: Bytes(),
	hashed: Bytes(),
	data: Bytes(),
	maps: Type.Array(Type.String()),
	programs: Type.Array(Type.String()),
});
const Refusal = Type.Object({ error: Type.String() });
const answers = validator(Answer);
const refusals = validator(Refusal);

/**
 * Makes an object's loader for a contract, the same bytes on every machine; no kernel is asked.
 * @throws Unsignable with the reason; UndecidedError `not-built` without the generator
 */
export async function generateLoader(object: PackageObject, contract: Contract): Promise<Loader> {
	const [loader] = await generateLoaders(object, [contract]);
	return loader!;
}

/** The same for several contracts, with equal `data`. @throws UndecidedError `loader-timeout` */
export async function generateLoaders(
	object: PackageObject,
	wanted: readonly Contract[],
	timeout = patience,
): Promise<Loader[]> {
	const bound = boundToMachine(object);
	if (bound !== undefined) throw new Unsignable(object, bound);
	const { plain, hashed, data, maps, programs } = await ask(object, timeout);
	const counted = countedPrograms(plain, maps.length);
	if (counted > maxPrograms)
		throw new Unsignable(
			object,
			`it has ${counted} programs and functions; a loader has room for ${maxPrograms}`,
		);
	return wanted.map((contract) => {
		const generated = withRoomFor(counted, contract === "insns-maps" ? plain : hashed);
		const fixed = withoutOverrides(generated, maps.length);
		const insns = contract === "insns-excl" ? insistingOnExclusiveMap(fixed) : fixed;
		return { contract, insns, data, exclProgHash: exclProgHash(insns), maps, programs };
	});
}

export function exclProgHash(insns: Uint8Array): string {
	return createHash("sha256").update(insns).digest("hex");
}

async function ask(object: PackageObject, timeout: number): Promise<Static<typeof Answer>> {
	const result = await execa(generatorPath, [], {
		input: encode(request(object)),
		encoding: "buffer",
		stripFinalNewline: false,
		maxBuffer: maxLoaderBytes,
		timeout,
		reject: false,
		env: { LC_ALL: "C" },
		extendEnv: false,
	});
	if (result.code === "ENOENT") throw undecided("not-built", { path: generatorPath });
	// A hostile object cannot be distinguished from a busy machine.
	if (result.timedOut) throw undecided("loader-timeout", { object: object.file, seconds: timeout / 1000 });
	// libbpf on a hostile object: what ends it is the object's doing.
	if (result.failed) throw new Unsignable(object, "libbpf gives up on it");
	const answer = decode(result.stdout);
	if (refusals.accepts(answer))
		throw new Unsignable(object, answer.error.replace(/^libbpf: /, "libbpf says: "));
	if (!answers.accepts(answer)) throw new Error("gen-loader answered with something that is not a loader");
	return answer;
}

function request(object: PackageObject): unknown {
	const { settings, file } = object;
	const constants = settings.rodata
		? rodataOf(object).map(({ map, bytes }) => ({ name: map, initial_value: bytes }))
		: [];
	const wanted = wantedPrograms(object);
	const told = new Map(toldPrograms(object).map((each) => [each.name, each]));
	const programs = object.programs.map((program) => {
		const { name } = program;
		return { ...(told.get(name) ?? { name }), autoload: wanted.includes(program) };
	});
	return {
		object: object.loadable,
		name: objectName(file),
		cpus: signedCpus,
		maps: [...toldMaps(object, signedCpus), ...constants],
		programs,
	};
}

/** As libbpf takes it from the object's path in the guest; global data is named after it. */
function objectName(file: string): string {
	return file.replace(/[^A-Za-z0-9._-]/g, "_").replace(/\..*$/s, "");
}
