// SPDX-License-Identifier: Apache-2.0
import { join } from "node:path";
import { execa } from "execa";
import { areUnpacked, unpacked } from "../../../machine/debian/testunpacked.js";

/** Suites whose bpftool signs, each for another contract as long as they have different kernels. */
export const bpftoolSuites = ["sid", "trixie-backports"] as const;

/** bpftool's libraries: it needs libc 2.38, so those of sid go with it everywhere. */
const libraries = ["libc6", "libcap2", "libelf1t64", "libssl3t64", "libzstd1", "zlib1g"];
const librarySuite = "sid";
const libraryFolder = "usr/lib/x86_64-linux-gnu";

/** A bpftool of Debian on this machine; only to generate, so without rights or BPF. */
export interface Bpftool {
	/** Of its package: `7.8.0+7.2.13-1`. */
	version: string;
	/** Runs it; it reads `secret`, such as a private key, as `/dev/fd/3`. Rejects on failure. */
	run(args: readonly string[], secret?: string): Promise<string>;
}

/**
 * The newest bpftool of a Debian suite, from the cache or else downloaded with its libraries.
 * @throws UndecidedError `mirror-unreachable`, or `package-not-in-archive`
 */
export async function bpftoolOf(suite: string): Promise<Bpftool> {
	const [tool, root] = await Promise.all([unpacked(suite, ["bpftool"]), unpacked(librarySuite, libraries)]);
	const path = join(root.folder, libraryFolder);
	const loader = [join(path, "ld-linux-x86-64.so.2"), "--library-path", path];
	return { version: tool.version, run: runner([...loader, join(tool.folder, "usr/sbin/bpftool")]) };
}

export async function builtBpftool(path: string): Promise<Bpftool> {
	const run = runner([path]);
	const version = /^bpftool v(\S+)/.exec(await run(["version"]))?.[1];
	if (version === undefined) throw new Error(`${path} is not a bpftool`);
	return { version, run };
}

function runner(command: readonly string[]): Bpftool["run"] {
	// A child of Node has sockets, and /dev/fd opens no socket: the shell makes a pipe of it.
	const script = 'cat <&4 | { exec 3<&0; exec "$@" </dev/null; }';
	return async (args, secret = "") => {
		const { stdout } = await execa("sh", ["-c", script, "sh", ...command, ...args], {
			stdio: ["ignore", "pipe", "pipe", "ignore", Buffer.from(secret)],
			stripFinalNewline: false,
			maxBuffer: 256 * 1024 * 1024,
		});
		return stdout;
	};
}

/** Whether the cache has what `bpftoolOf` needs, so that it asks no mirror. */
export async function bpftoolIsHere(suite: string): Promise<boolean> {
	return (await areUnpacked(suite, ["bpftool"])) && (await areUnpacked(librarySuite, libraries));
}
