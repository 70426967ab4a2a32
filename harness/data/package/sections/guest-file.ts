// SPDX-License-Identifier: Apache-2.0
import { type Static, Type } from "@sinclair/typebox";
import { InputError } from "../../../base/errors.js";

/** The largest file of a package that guests get, in bytes. */
export const maxGuestFileBytes = 32 * 1024 * 1024;

/** A file of the package that every guest gets, as a binary for uprobes and USDT probes. */
export const GuestFileSettings = Type.Object(
	{
		from: Type.String({ minLength: 1, description: "path of the file inside the package" }),
		to: Type.String({
			pattern: "^/[^/]",
			maxLength: 255,
			description: "absolute path in the guest: `/usr/bin/foo`; the file's mode there is 0755",
		}),
	},
	{ additionalProperties: false },
);
export type GuestFileSettings = Static<typeof GuestFileSettings>;

/**
 * Folders and files at the root of a guest that are bpfgate's or the kernel's own. The kernel runs
 * /sbin/modprobe and /sbin/hotplug by itself.
 */
const reserved = ["boot", "dev", "init", "modules", "mnt", "proc", "run", "sbin", "sys", "tmp"];

/**
 * Checks where in guests the files of a manifest go; `from` is checked with the other paths.
 * @param file what the user calls the manifest, for messages
 * @throws InputError with the pointer of a path that a guest cannot have
 */
export function checkGuestFiles(file: string, files: readonly GuestFileSettings[]): void {
	for (const [index, { to }] of files.entries()) {
		const place = `/guest/files/${index}/to`;
		const fail = (reason: string) => new InputError(file, place, `${JSON.stringify(to)} ${reason}`);
		const [top = "", ...parts] = to.slice(1).split("/");
		if (/[\p{Cc}\\]/u.test(to)) throw fail("has a control character or backslash in it");
		if ([top, ...parts].some((part) => part === "" || part === "." || part === ".."))
			throw fail("is not in its shortest form");
		if (reserved.includes(top)) throw fail(`is in /${top}, which is the guest's own`);
		const before = files.slice(0, index).find((other) => overlap(other.to, to));
		if (before) throw fail(`overlaps with ${JSON.stringify(before.to)}`);
	}
}

const overlap = (one: string, other: string) =>
	one === other || one.startsWith(`${other}/`) || other.startsWith(`${one}/`);
