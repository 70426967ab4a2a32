// SPDX-License-Identifier: Apache-2.0

import type { PackageFile } from "../../data/package/package.js";
import type { Finding, Workbench } from "../../lab/check.js";
import { GuestError } from "../../machine/guest/guest-error.js";
import type { Result } from "../../machine/guest/operations.js";
import type { Guest } from "../../machine/vm/guest.js";
import { orders } from "./cases/orders.js";
import type { HookDevice } from "./devices.js";
import { deviceFor, type FoundPart, follow, followable } from "./followed.js";
import type { DeclaredChain } from "./model/declared.js";

const folder = "/run/bpfgate-loader";
/** By the clock of a guest, which runs fast on a machine that is busy. */
const timeoutMs = 300_000;
/** Of what it says, for the evidence. */
const saidBytes = 4096;

type Loader = NonNullable<DeclaredChain["loader"]>;

/**
 * Has the package's own command build the chain, and then looks at what it has built: cases
 * `loader`, `configured` and `executed`. The guest is gone afterwards, since nobody knows what such
 * a command leaves.
 */
export async function* loaderCases(
	chain: DeclaredChain & { loader: Loader },
	bench: Workbench,
): AsyncIterable<Finding> {
	if (!followable.has(chain.mechanism)) {
		const reason = {
			code: "loader-unfollowed",
			message: `what a loader builds by ${chain.mechanism} is not followed; that is done for ${[...followable].join(", ")}`,
			hint: "leave the loader out, and bpfgate builds the chain itself",
		};
		for (const each of ["loader", "configured", "executed"])
			yield { case: `${chain.name}/${each}`, outcome: "skip", reason, evidence: {} };
		return;
	}
	const guest = await bench.guest();
	try {
		const device = await deviceFor(chain, guest);
		const ended = await runLoader(chain, guest, device);
		const { found, traffic } = await follow(chain, guest, device);
		yield loaderFinding(chain, ended, found);
		const members = chain.members.map((member) => ({ member, program: "first" as const }));
		const configured = async () => found.map(({ part }) => part);
		yield* orders({ chain, members, stage: { traffic } }, { configured });
	} finally {
		await bench.spoil();
	}
}

/** How the command ended; an error of starting it. */
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
	const told: Record<string, string> = { "{device}": device.name, "{ifindex}": `${device.ifindex}` };
	const [program, ...words] = loader.command;
	const argv = [
		wanted.has(program!) ? `${folder}/${program}` : program!,
		...words.map((word) => word.replace(/\{(device|ifindex)\}/g, (key) => told[key]!)),
	];
	const env = [
		`PATH=${folder}`,
		`BPFGATE_CHAIN=${name}`,
		`BPFGATE_DEVICE=${device.name}`,
		`BPFGATE_IFINDEX=${device.ifindex}`,
	];
	const { netns } = device;
	const started = { argv, env, cwd: folder, timeout_ms: timeoutMs, max_output: saidBytes };
	try {
		return await client.call("command_run", { ...started, ...(netns === undefined ? {} : { netns }) });
	} catch (error) {
		if (error instanceof GuestError) return error;
		throw error;
	}
}

/** Everything may be run. Each folder is a tmpfs, which is how the agent makes one. */
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
	found: readonly FoundPart[],
): Finding {
	const command = loader.command.join(" ");
	const listed = found.map(({ part, program, priority }) => ({
		...{ member: part.member.label, program },
		...(priority === undefined ? {} : { priority }),
	}));
	const said =
		ended instanceof GuestError
			? {}
			: { status: ended.status ?? null, stdout: text(ended.stdout), stderr: text(ended.stderr) };
	const evidence = { command, listed, ...said };
	const wrong = endedWrong(ended);
	if (wrong !== undefined)
		return {
			case: `${name}/loader`,
			outcome: "fail",
			reason: {
				code: "loader-failed",
				message: `${command} ${wrong}`,
				hint: "a guest has no files but those of loader.files: ship the libraries and the dynamic linker that it needs, or link it statically",
			},
			evidence,
		};
	const otherwise = found.flatMap(({ part, priority }) => {
		const written = source.chain.members[members.indexOf(part.member)]?.priority;
		if (written === undefined || priority === undefined || written === priority) return [];
		return [`${part.member.label} stands with priority ${priority} and not ${written}`];
	});
	if (otherwise.length === 0) return { case: `${name}/loader`, outcome: "pass", evidence };
	return {
		case: `${name}/loader`,
		outcome: "fail",
		reason: {
			code: "loader-priority",
			message: `${command} has built ${name} with other priorities than the manifest has: ${otherwise.join("; ")}`,
			hint: "give the members in the manifest the priorities that their objects or the loader's own settings give them",
		},
		evidence: { ...evidence, differences: otherwise },
	};
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

/** What it said, without what might do more than be read. */
function text(bytes: Uint8Array): string {
	return Buffer.from(bytes)
		.toString()
		.replace(/[^\n\t\x20-\x7e]/g, "?");
}
