// SPDX-License-Identifier: Apache-2.0
import { basename } from "node:path";
import { InputError } from "../../base/errors.js";
import { Reader } from "../../data/package/elf/reader.js";

/** The `.modinfo` section of a kernel module. */
export interface Modinfo {
	name: string;
	/** Names of the modules that must be loaded before it. */
	depends: string[];
	/** Release and build options of the kernel it was made for; its first word is `uname -r`. */
	vermagic: string;
}

const SECTION_HEADER = 64;

/**
 * Reads `.modinfo` of an uncompressed ELF64 module (K: include/linux/moduleparam.h).
 * @throws InputError when it is not a module
 */
export function readModinfo(file: string, bytes: Uint8Array): Modinfo {
	if (bytes.length < 64 || Buffer.from(bytes.subarray(0, 5)).toString("latin1") !== "\x7fELF\x02") {
		throw new InputError(file, "ELF header", "is not a 64-bit ELF object");
	}
	const whole = new Reader(file, "file", bytes, bytes[5] === 1);
	const count = whole.u16(60);
	const table = whole.part("section header table", whole.u64(40), count * SECTION_HEADER);
	const section = (index: number) => {
		const at = index * SECTION_HEADER;
		return { name: table.u32(at), offset: table.u64(at + 24), size: table.u64(at + 32) };
	};
	const names = section(whole.u16(62));
	const strings = whole.part("section name table", names.offset, names.size);
	for (let index = 1; index < count; index++) {
		const { name, offset, size } = section(index);
		if (strings.string(name) !== ".modinfo") continue;
		return parse(file, Buffer.from(whole.part(".modinfo", offset, size).bytes).toString("latin1"));
	}
	throw new InputError(file, "section .modinfo", "is missing; the file is not a kernel module");
}

/** A module's name from its file name: without folder and extensions, `_` for `-`. */
export function moduleName(path: string): string {
	return basename(path)
		.replace(/\.ko(\.\w+)?$/, "")
		.replaceAll("-", "_");
}

function parse(file: string, text: string): Modinfo {
	const fields = new Map<string, string>();
	for (const entry of text.split("\0")) {
		const equals = entry.indexOf("=");
		if (equals > 0 && !fields.has(entry.slice(0, equals))) {
			fields.set(entry.slice(0, equals), entry.slice(equals + 1));
		}
	}
	const depends = (fields.get("depends") ?? "").split(",").filter((name) => name !== "");
	return {
		name: fields.get("name") ?? moduleName(file),
		depends: depends.map((name) => name.replaceAll("-", "_")),
		vermagic: fields.get("vermagic") ?? "",
	};
}
