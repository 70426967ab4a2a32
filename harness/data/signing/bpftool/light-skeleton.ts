// SPDX-License-Identifier: Apache-2.0
import { createHash } from "node:crypto";
import { InputError } from "../../../base/errors.js";
import { readCode } from "./skeleton-code.js";
import { Lines } from "./skeleton-lines.js";

/** A signed light skeleton: the C header that `bpftool gen skeleton -L -S` writes. */
export interface LightSkeleton {
	/** As messages call it, and all of it. */
	file: string;
	bytes: Uint8Array;
	/** Identifiers of `struct bpf_map_desc` in `maps`, in order: `rodata` for `.rodata`. */
	maps: string[];
	/** Those of `struct bpf_prog_desc`: every program, also those that are not loaded. */
	programs: string[];
	/** `opts_insn`: the loader's instructions. */
	insns: Uint8Array;
	/** `opts_data`: what the loader's map holds. */
	data: Uint8Array;
	/** `opts_sig`: CMS, DER. */
	cms: Uint8Array;
	/** `opts_excl_hash`, which was found to be the SHA-256 of `insns`; lower-case hexadecimal. */
	exclProgHash: string;
}

/** Four characters stand for most bytes, and no kernel takes more than 16 MiB of them. */
export const maxHeaderBytes = 96 * 1024 * 1024;

/**
 * Reads a header as bpftool 7.7 and later write it: every line is one that bpftool writes there, so
 * that nothing else is compiled with it.
 * @throws InputError naming the line
 */
export function readLightSkeleton(file: string, bytes: Uint8Array): LightSkeleton {
	if (bytes.length > maxHeaderBytes)
		throw new InputError(
			file,
			"",
			`has ${bytes.length} bytes, more than the ${maxHeaderBytes} that are read`,
		);
	const start = Buffer.from(bytes.subarray(0, 1024)).toString("latin1");
	if (!start.includes("\n#include <bpf/skel_internal.h>\n"))
		throw new InputError(file, "", "is not a light skeleton of bpftool, made with `bpftool gen skeleton -L`");
	const { maps, programs, arrays } = readCode(new Lines(file, bytes));
	const [data, insns, cms, hash] = arrays;
	const exclProgHash = Buffer.from(hash).toString("hex");
	if (exclProgHash !== createHash("sha256").update(insns).digest("hex"))
		throw new InputError(file, "opts_excl_hash", "is not the SHA-256 of opts_insn; the header was changed");
	return { file, bytes, maps, programs, insns, data, cms, exclProgHash };
}
