// SPDX-License-Identifier: Apache-2.0

import { readFile, stat } from "node:fs/promises";
import { join } from "node:path";
import { execa } from "execa";
import { cacheRoot } from "../../base/cache-root.js";
import type { UndecidedError } from "../../base/errors.js";
import { makeFolder, replaceFile } from "../../base/host-files.js";
import { undecided } from "../../data/reasons/registry/registry.js";
import type { Mirrors } from "./mirrors.js";
import { parseStanza } from "./sources.js";

const KEYRING = "/usr/share/keyrings/debian-archive-keyring.gpg";
export const HELPER = "/usr/lib/apt/apt-helper";
const FRESH_MS = 6 * 3600_000;
export const UPDATE_TIMEOUT_MS = 10 * 60_000;

/** A suite of Debian's archive, for one architecture (`amd64`) or for `source`. */
export interface Suite {
	name: string;
	arch: string;
}

/** A private root for apt: its lists, and the mirrors it uses. Needs no privileges. */
export interface Apt {
	mirrors: Mirrors;
	/** Default: `debian` in the cache. */
	folder?: string;
}

/** Options: apt keeps its privileges, has a time limit, and runs no hooks of the system. */
export const SETTINGS = [
	"APT::Sandbox::User=root",
	"Acquire::Retries=1",
	"Acquire::http::Timeout=15",
	"Acquire::https::Timeout=15",
	"Acquire::ftp::Timeout=15",
];

/**
 * The matching stanzas of a suite's index, which apt verified; downloaded when missing or older
 * than six hours (`refresh`: always, or only when missing).
 * @throws UndecidedError `mirror-unreachable`, or `index-not-valid` at this machine's time
 */
export async function* stanzas(
	apt: Apt,
	suite: Suite,
	matches: (name: string) => boolean,
	refresh: boolean | undefined,
): AsyncGenerator<Map<string, string>> {
	const index = await indexFile(apt, suite, refresh);
	const reader = execa(HELPER, ["cat-file", index], { buffer: false, stdin: "ignore", encoding: "latin1" });
	let rest = "";
	for await (const chunk of reader.iterable({ from: "stdout", binary: true })) {
		const text = rest + Buffer.from(chunk).toString("latin1");
		const end = text.lastIndexOf("\n\n");
		rest = end < 0 ? text : text.slice(end + 2);
		if (end >= 0) yield* matching(text.slice(0, end));
	}
	yield* matching(rest);
	await reader.catch((cause: unknown) => {
		throw undecided("index-unreadable", { index }, { cause });
	});

	function* matching(text: string) {
		for (const name of text.matchAll(/^Package: (.*)$/gm)) {
			if (!matches(name[1] ?? "")) continue;
			const end = text.indexOf("\n\n", name.index);
			yield parseStanza(text.slice(text.lastIndexOf("\n\n", name.index) + 1, end < 0 ? undefined : end));
		}
	}
}

/** Downloads of indexes in progress in this process, by stamp file. */
const fetching = new Map<string, Promise<void>>();

/** Path of the suite's Packages or Sources file, downloaded if needed. */
async function indexFile(apt: Apt, suite: Suite, refresh: boolean | undefined): Promise<string> {
	const root = join(apt.folder ?? join(cacheRoot(), "debian"), `${suite.name}.${suite.arch}`);
	const target = suite.arch === "source" ? "Sources" : "Packages";
	const options = [
		`target=${target}`,
		`signed-by=${KEYRING}`,
		...(suite.arch === "source" ? [] : [`arch=${suite.arch}`]),
	];
	const type = suite.arch === "source" ? "deb-src" : "deb";
	const sources = `${type} [${options.join(" ")}] ${mirrorOf(apt, suite)} ${suite.name} main\n`;
	const stamp = join(root, "updated");
	const known = (await readFile(stamp, "utf8").catch(() => "")) === sources;
	// A time to come is as old as one long past: the clock was set.
	const age = Math.abs(Date.now() - ((await stat(stamp).catch(() => undefined))?.mtimeMs ?? 0));
	const configuration = join(root, "apt.conf");
	if (!known || refresh === true || (refresh === undefined && age > FRESH_MS)) {
		let fetch = fetching.get(stamp);
		if (!fetch) {
			fetch = prepare(root, configuration, sources)
				.then(() => update(apt, suite, configuration))
				.then(() => replaceFile(stamp, sources))
				.finally(() => fetching.delete(stamp));
			fetching.set(stamp, fetch);
		}
		await fetch;
	}
	const question = ["-c", configuration, "indextargets", "--format", "$(FILENAME)", `Identifier: ${target}`];
	const targets = await execa("apt-get", question, { reject: false, stdin: "ignore" });
	const index = targets.stdout?.split("\n")[0] ?? "";
	if (index === "") throw unreachable(apt, suite, `the suite has no index for ${suite.arch}`);
	return index;
}

async function prepare(root: string, configuration: string, sources: string): Promise<void> {
	await makeFolder(join(root, "lists", "partial"));
	await makeFolder(join(root, "archives", "partial"));
	await stat(KEYRING).catch(() => {
		throw undecided("keyring-missing", { keyring: KEYRING });
	});
	await replaceFile(join(root, "sources.list"), sources);
	const quoted = (path: string) => `"${path}"`;
	await replaceFile(
		configuration,
		[
			`Dir::Etc::sourcelist ${quoted(join(root, "sources.list"))};`,
			'Dir::Etc::sourceparts "/dev/null";',
			'Dir::Etc::preferences "/dev/null";',
			'Dir::Etc::preferencesparts "/dev/null";',
			`Dir::State ${quoted(root)};`,
			`Dir::State::lists ${quoted(join(root, "lists"))};`,
			`Dir::State::status ${quoted(join(root, "status"))};`,
			`Dir::Cache ${quoted(root)};`,
			`Dir::Cache::archives ${quoted(join(root, "archives"))};`,
			`Dir::Log ${quoted(root)};`,
			'Acquire::Languages "none";',
			'Acquire::PDiffs "false";',
			...SETTINGS.map((setting) => `${setting.replace("=", ' "')}";`),
			"#clear APT::Update::Pre-Invoke;",
			"#clear APT::Update::Post-Invoke;",
			"#clear APT::Update::Post-Invoke-Success;",
			"#clear APT::Update::Post-Invoke-Stats;",
			"",
		].join("\n"),
	);
	await replaceFile(join(root, "status"), "");
}

async function update(apt: Apt, suite: Suite, configuration: string): Promise<void> {
	const deadline = performance.now() + UPDATE_TIMEOUT_MS;
	for (;;) {
		const result = await execa("apt-get", ["-c", configuration, "-q", "update", "--error-on=any"], {
			reject: false,
			timeout: UPDATE_TIMEOUT_MS,
			stdin: "ignore",
			env: { LC_ALL: "C" },
		});
		if (!result.failed) return;
		// Another bpfgate is downloading the same suite.
		if (/Could not get lock|Unable to lock/.test(result.stderr) && performance.now() < deadline) {
			await new Promise((resolve) => setTimeout(resolve, 500));
			continue;
		}
		throw (
			outdated(apt, suite, result.stderr) ??
			unreachable(apt, suite, lastError(result.stderr) ?? result.shortMessage ?? "apt-get update failed")
		);
	}
}

function unreachable(apt: Apt, suite: Suite, reason: string): UndecidedError {
	return undecided("mirror-unreachable", { suite: `${mirrorOf(apt, suite)} ${suite.name}`, why: reason });
}

/** The error for a Release file that is not valid at this time (apt-secure(8)), if it is one. */
export function outdated(apt: Apt, suite: Suite, stderr: string): UndecidedError | undefined {
	const line = /^\w+: (Release file for \S+ is (expired|not valid yet).*)$/m.exec(stderr);
	if (!line) return undefined;
	return undecided("index-not-valid", {
		suite: `${mirrorOf(apt, suite)} ${suite.name}`,
		why: line[1] ?? "",
		now: `${new Date().toISOString().slice(0, 16)}Z`,
		expired: line[2] === "expired",
	});
}

/** Base address of the mirror that has a suite. */
export function mirrorOf(apt: Apt, suite: Suite): string {
	return suite.name.endsWith("-security") ? apt.mirrors.security : apt.mirrors.archive;
}

/** The first error in apt's output, as one line. */
export function lastError(stderr: string): string | undefined {
	const line = stderr.split("\n").find((candidate) => /^(E|Err|W):/.test(candidate));
	return line?.replace(/^\w+:\s*(Failed to fetch \S+\s+)?/, "").trim();
}
