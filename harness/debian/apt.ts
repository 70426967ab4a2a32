// SPDX-License-Identifier: Apache-2.0
import { mkdir, readFile, rename, stat } from "node:fs/promises";
import { basename, join } from "node:path";
import { execa } from "execa";
import { UndecidedError } from "../errors.js";
import { cacheRoot } from "../schema/cache.js";
import { replaceFile, sha256File, withTemporaryFolder } from "./files.js";
import type { Mirrors } from "./mirrors.js";
import { parseStanza } from "./sources.js";

const KEYRING = "/usr/share/keyrings/debian-archive-keyring.gpg";
const HELPER = "/usr/lib/apt/apt-helper";
const FRESH_MS = 6 * 3600_000;
const UPDATE_TIMEOUT_MS = 10 * 60_000;

/** A suite of the Debian archive, for one Debian architecture (`amd64`) or for sources (`source`). */
export interface Suite {
	name: string;
	arch: string;
}

/** A file that the index of a suite lists; whoever holds it may trust the digest as far as Debian's signature. */
export interface ArchiveFile {
	/** Full address on the mirror. */
	uri: string;
	size: number;
	sha256: string;
}

/** A binary package in a suite's index. */
export interface DebianPackage extends ArchiveFile {
	name: string;
	version: string;
	suite: string;
}

/** A source package in a suite's index. */
export interface DebianSource {
	name: string;
	version: string;
	suite: string;
	files: ArchiveFile[];
}

/** A root of our own for apt: where it keeps its lists and which mirrors it asks. Needs no privileges. */
export interface Apt {
	mirrors: Mirrors;
	/** Default: `debian` in the cache. */
	folder?: string;
}

/**
 * The binary packages of a suite whose name matches, from an index whose signature apt checked. The index is fetched
 * when there is none, or when it is older than six hours (`refresh: true`: always; `refresh: false`: only when there is none).
 *
 * @throws UndecidedError `mirror-unreachable` naming mirror and suite
 */
export async function findPackages(
	apt: Apt,
	suite: Suite,
	matches: (name: string) => boolean,
	refresh?: boolean,
): Promise<DebianPackage[]> {
	const base = mirrorOf(apt, suite);
	const packages: DebianPackage[] = [];
	for await (const stanza of stanzas(apt, suite, matches, refresh)) {
		const name = stanza.get("package") ?? "";
		packages.push({
			name,
			version: stanza.get("version") ?? "",
			suite: suite.name,
			...archiveFile(base, stanza.get("filename"), stanza.get("size"), stanza.get("sha256")),
		});
	}
	return packages;
}

/** The source packages of that name in a suite; errors as for findPackages. `suite.arch` is `source`. */
export async function findSources(
	apt: Apt,
	suite: Suite,
	wanted: string,
	refresh?: boolean,
): Promise<DebianSource[]> {
	const base = mirrorOf(apt, suite);
	const sources: DebianSource[] = [];
	for await (const stanza of stanzas(apt, suite, (name) => name === wanted, refresh)) {
		const directory = stanza.get("directory") ?? "";
		const lines = (stanza.get("checksums-sha256") ?? "").split("\n").filter((line) => line !== "");
		sources.push({
			name: wanted,
			version: stanza.get("version") ?? "",
			suite: suite.name,
			files: lines.map((line) => {
				const [sha256, size, file] = line.split(/\s+/);
				return archiveFile(base, file && `${directory}/${file}`, size, sha256);
			}),
		});
	}
	return sources;
}

/**
 * Downloads every file of one version of a source package; returns their paths. Errors as for findPackages and
 * download, and UndecidedError `package-gone` when the suite has another version only.
 */
export async function downloadSource(
	apt: Apt,
	suite: string,
	name: string,
	version: string,
	folder: string,
): Promise<string[]> {
	const index = { name: suite, arch: "source" };
	const wanted = (source: DebianSource) => source.version === version;
	let source = (await findSources(apt, index, name)).find(wanted);
	source ??= (await findSources(apt, index, name, true)).find(wanted);
	if (!source) {
		throw new UndecidedError(
			"package-gone",
			`${mirrorOf(apt, index)} ${suite}: source package ${name} ${version} is not there`,
			"it was replaced by a newer version; pin that one",
		);
	}
	return Promise.all(source.files.map((file) => download(file, folder)));
}

/**
 * Downloads a file of the archive into `folder` and returns its path; a file that is there with the right digest is
 * taken as it is. `onProgress` gets the number of bytes that have come so far.
 *
 * @throws UndecidedError `download-failed`, also when the digest is not the index's
 */
export async function download(
	file: ArchiveFile,
	folder: string,
	onProgress: (bytes: number) => void = () => {},
): Promise<string> {
	const name = basename(decodeURIComponent(file.uri));
	const path = join(folder, name);
	if ((await sizeOf(path)) === file.size && (await sha256File(path)) === file.sha256) {
		onProgress(file.size);
		return path;
	}
	return withTemporaryFolder(async (temporary) => {
		const partial = join(temporary, name);
		const watch = setInterval(async () => onProgress(Math.min((await sizeOf(partial)) ?? 0, file.size)), 200);
		try {
			await downloadTo(file, partial);
		} finally {
			clearInterval(watch);
		}
		onProgress(file.size);
		await rename(partial, path);
		return path;
	}, folder);
}

async function downloadTo(file: ArchiveFile, path: string): Promise<void> {
	const settings = SETTINGS.flatMap((setting) => ["-o", setting]);
	// The `file` method makes links; `copy` makes files.
	const uri = file.uri.replace(/^file:/, "copy:");
	const result = await execa(HELPER, [...settings, "download-file", uri, path, `SHA256:${file.sha256}`], {
		reject: false,
		timeout: UPDATE_TIMEOUT_MS,
		stdin: "ignore",
		env: { LC_ALL: "C" },
	});
	if (!result.failed && (await sizeOf(path)) === file.size) return;
	throw new UndecidedError(
		"download-failed",
		`${file.uri}: ${lastError(result.stderr) ?? result.shortMessage ?? "the file is not what the index says"}`,
		"try again; when the file is gone from the mirror, `bpfgate kernels pull --update` reads its index anew",
	);
}

/** Options by which apt neither drops privileges, nor waits for ever, nor runs the system's hooks. */
const SETTINGS = [
	"APT::Sandbox::User=root",
	"Acquire::Retries=1",
	"Acquire::http::Timeout=15",
	"Acquire::https::Timeout=15",
	"Acquire::ftp::Timeout=15",
];

async function* stanzas(
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
		const hint = "fetch it again: bpfgate kernels pull --update";
		throw new UndecidedError("index-unreadable", `${index}: apt cannot read its own index`, hint, { cause });
	});

	function* matching(text: string) {
		for (const name of text.matchAll(/^Package: (.*)$/gm)) {
			if (!matches(name[1] ?? "")) continue;
			const end = text.indexOf("\n\n", name.index);
			yield parseStanza(text.slice(text.lastIndexOf("\n\n", name.index) + 1, end < 0 ? undefined : end));
		}
	}
}

/** Indexes under way in this process, by their stamp file. */
const fetching = new Map<string, Promise<void>>();

/** Path of the suite's Packages or Sources file, fetched if need be. */
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
	const age = Date.now() - ((await stat(stamp).catch(() => undefined))?.mtimeMs ?? 0);
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
	await mkdir(join(root, "lists", "partial"), { recursive: true });
	await mkdir(join(root, "archives", "partial"), { recursive: true });
	await stat(KEYRING).catch(() => {
		throw new UndecidedError(
			"keyring-missing",
			`${KEYRING}: not there, so Debian's signatures cannot be checked`,
			"install the package debian-archive-keyring",
		);
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
	const deadline = Date.now() + UPDATE_TIMEOUT_MS;
	for (;;) {
		const result = await execa("apt-get", ["-c", configuration, "-q", "update", "--error-on=any"], {
			reject: false,
			timeout: UPDATE_TIMEOUT_MS,
			stdin: "ignore",
			env: { LC_ALL: "C" },
		});
		if (!result.failed) return;
		// Another bpfgate is fetching the same suite.
		if (/Could not get lock|Unable to lock/.test(result.stderr) && Date.now() < deadline) {
			await new Promise((resolve) => setTimeout(resolve, 500));
			continue;
		}
		throw unreachable(apt, suite, lastError(result.stderr) ?? result.shortMessage ?? "apt-get update failed");
	}
}

function unreachable(apt: Apt, suite: Suite, reason: string): UndecidedError {
	return new UndecidedError(
		"mirror-unreachable",
		`${mirrorOf(apt, suite)} ${suite.name}: ${reason}`,
		"check the network, or name another mirror with --mirror or BPFGATE_MIRROR",
	);
}

function mirrorOf(apt: Apt, suite: Suite): string {
	return suite.name.endsWith("-security") ? apt.mirrors.security : apt.mirrors.archive;
}

function archiveFile(base: string, path?: string, size?: string, sha256?: string): ArchiveFile {
	if (path === undefined || !/^\d+$/.test(size ?? "") || !/^[0-9a-f]{64}$/.test(sha256 ?? "")) {
		throw new UndecidedError(
			"index-malformed",
			`${base}: the index lists ${path ?? "a package"} without size and SHA-256`,
			"name another mirror with --mirror or BPFGATE_MIRROR",
		);
	}
	return { uri: `${base}/${path}`, size: Number(size), sha256: sha256 ?? "" };
}

/** The first thing apt calls an error, in one line. */
function lastError(stderr: string): string | undefined {
	const line = stderr.split("\n").find((candidate) => /^(E|Err|W):/.test(candidate));
	return line?.replace(/^\w+:\s*(Failed to fetch \S+\s+)?/, "").trim();
}

async function sizeOf(path: string): Promise<number | undefined> {
	return (await stat(path).catch(() => undefined))?.size;
}
