// SPDX-License-Identifier: Apache-2.0
import type { SectionMeaning } from "../../../data/package/elf/section.js";
import type { AttachTarget } from "../../../data/package/manifest/attach-target.js";
import type { GuestFile, PackageObject } from "../../../data/package/package.js";

/** What of a binary a program is attached to. */
export interface UserTarget {
	/** As the section or the manifest writes it. */
	binary: string;
	/** `function`, `function+offset`, a pattern of functions; or `provider:name` of a probe. */
	place: string;
	kind: "function" | "probe";
}

/** Whether programs of a section are attached to binaries. */
export function attachesToBinary({ attachesTo }: SectionMeaning): boolean {
	return attachesTo === "user_function" || attachesTo === "user_tracepoint";
}

/**
 * What a uprobe or USDT program is attached to: as the manifest says, or its section, which libbpf
 * reads as `<binary>:<function>` or `<binary>:<provider>:<name>`.
 * @returns undefined where neither names a binary and a place in it
 */
export function userTarget(
	{ target = "", attachesTo }: SectionMeaning,
	attach: Partial<AttachTarget> = {},
): UserTarget | undefined {
	const kind = attachesTo === "user_tracepoint" ? "probe" : "function";
	const told = kind === "probe" ? attach.probe : attach.symbol;
	if (attach.binary !== undefined && told !== undefined) return { binary: attach.binary, place: told, kind };
	const [, binary = "", place = ""] = /^([^:]+):(.+)$/s.exec(target) ?? [];
	return binary === "" || place === "" ? undefined : { binary, place, kind };
}

/**
 * The file of the package that libbpf opens as this binary. A name without a slash it looks up as a
 * shell or the dynamic linker would; of an archive (`app.apk!/lib.so`) the archive is the file.
 */
export function shippedBinary(binary: string, files: readonly GuestFile[]): GuestFile | undefined {
	const [path = ""] = binary.split("!/");
	if (path.includes("/")) return files.find((file) => file.path === path);
	const folders = /\.so$|\.so\./.test(path)
		? /^(?:\/usr\/lib64|\/usr\/lib|\/lib\/\w+-linux-gnu\w*)\/[^/]+$/
		: /^\/usr\/s?bin\/[^/]+$/;
	return files.find((file) => folders.test(file.path) && file.path.endsWith(`/${path}`));
}

/** The file of the package that a program is attached to, and what of it. */
export interface UserAttachment extends UserTarget {
	file: GuestFile;
	/** For messages: `/usr/bin/foo:work`. */
	name: string;
}

/** What of the package's own files a program of the object is attached to; undefined for others. */
export function userAttachment(
	{ programs, settings, binaries }: Pick<PackageObject, "programs" | "settings" | "binaries">,
	name: string,
): UserAttachment | undefined {
	const meaning = programs.find((program) => program.name === name)?.meaning;
	if (!meaning || !attachesToBinary(meaning)) return undefined;
	const target = userTarget(meaning, settings.programs?.[name]?.attach);
	const file = target && shippedBinary(target.binary, binaries);
	return file && { ...target, file, name: `${file.path}:${target.place}` };
}
