// SPDX-License-Identifier: Apache-2.0

import type { PackageFile } from "../../data/package/package.js";
import { reason } from "../../data/reasons/registry/registry.js";
import type { Finding, FindingBody, Workbench } from "../../lab/check.js";
import { failed, passed, skipped } from "../../lab/findings.js";
import { GuestError } from "../../machine/guest/guest-error.js";
import type { Result } from "../../machine/guest/operations.js";
import type { Guest } from "../../machine/vm/guest.js";
import { orders } from "./cases/orders.js";
import { label } from "./chain-entry.js";
import type { HookDevice } from "./hook-device.js";
import { deviceFor, type FoundEntry, follow, followable, memberTags } from "./loader-chain.js";
import type { DeclaredChain } from "./model/declared-chain.js";
import type { PacketTrace, TracedEntry } from "./packet-trace.js";

const folder = "/run/bpfgate-loader";
/** By the clock of a guest, which runs fast on a busy machine. */
const timeoutMs = 300_000;
/** Most output of the loader in the evidence. */
const outputBytes = 4096;

type Loader = NonNullable<DeclaredChain["loader"]>;

/** Cases `loader`, `configured`, `executed` of a chain's own loader; retire the guest then. */
export async function* loaderCases(
	chain: DeclaredChain & { loader: Loader },
	bench: Workbench,
): AsyncIterable<Finding> {
	const { name, mechanism } = chain;
	if (!followable.has(mechanism)) {
		const body = skipped(reason("loader-unfollowed", { mechanism, followed: [...followable] }));
		for (const each of ["loader", "configured", "executed"]) yield { case: `${name}/${each}`, ...body };
		return;
	}
	const guest = await bench.guest();
	// Before the loader runs: it is root there, and what is said later may be its word.
	const tags = await memberTags(chain, guest);
	const device = await deviceFor(chain, guest);
	const ended = await runLoader(chain, guest, device);
	const { found, traffic } = await follow(chain, guest, device, tags);
	yield { case: `${name}/loader`, ...loaderFinding(chain, ended, found) };
	const members = chain.members.map((member) => ({ member, program: "first" as const }));
	const configured = async () => found.map(({ entry }) => entry);
	let traces: PacketTrace[] = [];
	const sample = async () => (traces = await traffic.sample());
	const { findings } = await orders({ chain, members, attachPoint: { traffic: { sample } } }, { configured });
	const contradiction = contradicted(found, traces);
	for (const finding of findings)
		yield contradiction && finding.case === `${name}/configured`
			? { case: finding.case, ...failed(reason("list-contradicted", { chain: name, ...contradiction })) }
			: finding;
}

/** Two programs that a packet met in another order than the one in which they are listed. */
export function contradicted(
	found: readonly Pick<FoundEntry, "entry">[],
	traces: readonly Pick<PacketTrace, "what" | "met">[],
): { packet: string; first: string; second: string } | undefined {
	const placeOf = ({ entry }: TracedEntry) => found.findIndex((each) => each.entry === entry);
	for (const { what, met } of traces)
		for (const [at, later] of met.entries()) {
			const earlier = met.slice(0, at).find((each) => placeOf(each) > placeOf(later));
			if (earlier) return { packet: what, first: label(earlier.entry), second: label(later.entry) };
		}
	return undefined;
}

/** How the command ended, or why it did not start. */
type Ended = Result<"command_run"> | GuestError;

async function runLoader(
	{ name, loader, source }: DeclaredChain & { loader: Loader },
	guest: Guest,
	device: HookDevice & { name: string },
): Promise<Ended> {
	const { client } = guest;
	const wanted = new Set(source.chain.loader?.files);
	await ship(
		guest,
		loader.pkg.loaderFiles.filter(({ file }) => wanted.has(file)),
	);
	const values: Record<string, string> = { "{device}": device.name, "{ifindex}": `${device.ifindex}` };
	const [program, ...words] = loader.command;
	const argv = [
		wanted.has(program!) ? `${folder}/${program}` : program!,
		...words.map((word) => word.replace(/\{(device|ifindex)\}/g, (key) => values[key]!)),
	];
	const env = [
		`PATH=${folder}`,
		`BPFGATE_CHAIN=${name}`,
		`BPFGATE_DEVICE=${device.name}`,
		`BPFGATE_IFINDEX=${device.ifindex}`,
	];
	const { netns } = device;
	const started = { argv, env, cwd: folder, timeout_ms: timeoutMs, max_output: outputBytes, limited: true };
	try {
		return await client.call("command_run", { ...started, ...(netns === undefined ? {} : { netns }) });
	} catch (error) {
		if (error instanceof GuestError) return error;
		throw error;
	}
}

/** All files are executable. Each folder is a tmpfs, which is how the agent makes one. */
async function ship({ client }: Guest, files: readonly PackageFile[]): Promise<void> {
	const made = new Set<string>();
	const makeFolder = async (path: string) => {
		if (made.has(path)) return;
		made.add(path);
		await client.call("mount", { source: "tmpfs", target: path, fstype: "tmpfs" });
	};
	await makeFolder(folder);
	for (const { file, bytes } of files) {
		const parents = file.split("/").slice(0, -1);
		for (const [index] of parents.entries())
			await makeFolder(`${folder}/${parents.slice(0, index + 1).join("/")}`);
		await client.call("file_write", { path: `${folder}/${file}`, data: bytes, mode: 0o755 });
	}
}

function loaderFinding(
	{ name, loader, source, members }: DeclaredChain & { loader: Loader },
	ended: Ended,
	found: readonly FoundEntry[],
): FindingBody {
	const command = loader.command.join(" ");
	const listed = found.map(({ entry, program, priority }) => ({
		...{ member: entry.member.label, program },
		...(priority === undefined ? {} : { priority }),
	}));
	const output =
		ended instanceof GuestError
			? {}
			: { status: ended.status ?? null, stdout: text(ended.stdout), stderr: text(ended.stderr) };
	const evidence = { command, listed, ...output };
	const wrong = endedWrong(ended);
	if (wrong !== undefined) return failed(reason("loader-failed", { command, ended: wrong }), evidence);
	const impostor = found.find((each) => each.impostor);
	if (impostor?.impostor) {
		const facts = { command, chain: name, program: impostor.program, name: impostor.name ?? "" };
		return failed(reason("loader-impostor", { ...facts, ...impostor.impostor }), evidence);
	}
	const differences = found.flatMap(({ entry, priority }) => {
		const written = source.chain.members[members.indexOf(entry.member)]?.priority;
		if (written === undefined || priority === undefined || written === priority) return [];
		return [`${entry.member.label} has priority ${priority}, expected ${written}`];
	});
	if (differences.length === 0) return passed(evidence);
	const facts = { command, chain: name, differences };
	return failed(reason("loader-priority", facts), { ...evidence, differences });
}

function endedWrong(ended: Ended): string | undefined {
	if (ended instanceof GuestError) return `could not be started: ${ended.errnoName}`;
	if (ended.timed_out) return `did not end within ${timeoutMs / 1000} seconds`;
	if (ended.status === 0) return undefined;
	const [last] = text(ended.stderr).trim().split("\n").slice(-1);
	const how =
		ended.status === undefined ? `was ended by signal ${ended.signal}` : `ended with ${ended.status}`;
	return last ? `${how}: ${last}` : how;
}

function text(bytes: Uint8Array): string {
	return Buffer.from(bytes)
		.toString()
		.replace(/[^\n\t\x20-\x7e]/g, "?");
}
