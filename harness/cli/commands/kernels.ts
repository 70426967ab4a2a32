// SPDX-License-Identifier: Apache-2.0
import { Command } from "commander";
import { InputError, UndecidedError } from "../../base/errors.js";
import { printable } from "../../base/printable.js";
import { findMirrors, mirrorAddress } from "../../machine/debian/mirrors.js";
import { addKernel } from "../../machine/kernel/add.js";
import { readCatalog } from "../../machine/kernel/catalog.js";
import { listKernels } from "../../machine/kernel/list.js";
import { pullKernels } from "../../machine/kernel/pull.js";
import { table } from "../terminal/table.js";
import { featuresCommand } from "./kernels-features.js";
import { pullProgress } from "./kernels-progress.js";
import { qualifyCommand } from "./kernels-qualify.js";

/** `bpfgate kernels list|pull|add|features|qualify` */
export function kernelsCommand(signal: () => AbortSignal): Command {
	return new Command("kernels")
		.description("the kernels that packages are tested on")
		.addCommand(listCommand())
		.addCommand(pullCommand())
		.addCommand(addCommand())
		.addCommand(featuresCommand())
		.addCommand(qualifyCommand(signal));
}

function listCommand(): Command {
	return new Command("list")
		.description("what is known, and what is here")
		.option("--json", "print JSON")
		.action(async (options: { json?: boolean }) => {
			const kernels = await listKernels();
			if (options.json) {
				process.stdout.write(`${JSON.stringify({ kernels }, null, "\t")}\n`);
				return;
			}
			const rows = kernels.map((kernel) => [
				`${kernel.id}${kernel.default ? " *" : ""}`,
				kernel.release ?? (kernel.problem === undefined ? "not here" : "broken"),
				kernel.image_sha256?.slice(0, 12) ?? "",
				kernel.bytes === undefined ? "" : mebibytes(kernel.bytes),
				kernel.source ?? kernel.suites?.join(", ") ?? "",
			]);
			const header = ["kernel", "release", "image sha256", "size", "from"];
			const problems = kernels.flatMap(({ problem }) => (problem === undefined ? [] : [printable(problem)]));
			const text = [table([header, ...rows]), "* tested on by default", ...problems];
			process.stdout.write(`${text.join("\n")}\n`);
		});
}

function pullCommand(): Command {
	return new Command("pull")
		.description("fetch kernels from the package mirror that apt is configured for")
		.argument("[id...]", "lines such as 6.12; the default set when none is named")
		.option("--all", "every line of the catalog")
		.option("--mirror <address>", "Debian mirror to use (also: BPFGATE_MIRROR)")
		.option(
			"--security-mirror <address>",
			"mirror of the suites named -security (also: BPFGATE_SECURITY_MIRROR)",
		)
		.option("--update", "look for newer releases of what is here")
		.option("--force", "fetch again what is here")
		.action(async (ids: string[], options: PullFlags) => {
			const catalog = await readCatalog();
			if (options.all && ids.length > 0) throw new InputError("--all", "", "cannot be combined with names");
			const every = catalog.lines.map((line) => line.id);
			const wanted = options.all ? every : ids.length > 0 ? ids : catalog.default;
			const unknown = wanted.find((id) => !every.includes(id));
			if (unknown !== undefined) {
				throw new InputError(`kernel ${unknown}`, "", `is not in the catalog; known are ${every.join(", ")}`);
			}
			const archive = mirrorAddress("--mirror", options.mirror);
			const security = mirrorAddress("--security-mirror", options.securityMirror);
			const progress = pullProgress(process.stderr);
			const errors = await pullKernels(wanted, {
				// Kernels that are here are kept without a mirror.
				mirrors: () => findMirrors({ archive, security }),
				force: options.force ?? false,
				update: options.update ?? false,
				onEvent: progress.event,
			}).finally(progress.end);
			const [first] = errors;
			if (!first) return;
			if (errors.length === 1) throw first;
			for (const error of errors) process.stderr.write(`${error.message}\n`);
			throw new UndecidedError(
				"kernels-not-pulled",
				`${errors.length} of ${wanted.length} kernels could not be pulled`,
				first instanceof UndecidedError ? first.hint : "see the lines above",
			);
		});
}

interface PullFlags {
	all?: boolean;
	mirror?: string;
	securityMirror?: string;
	update?: boolean;
	force?: boolean;
}

function addCommand(): Command {
	return new Command("add")
		.description("put a kernel of your own into the store")
		.argument("<image>", "bootable image: x86 bzImage, arm64 Image, s390x bzImage")
		.option("--modules <folder>", "its modules, such as /lib/modules/<release>")
		.option("--config <file>", "its .config")
		.option("--id <name>", "name to know it by; default: its release")
		.action(async (image: string, options: { modules?: string; config?: string; id?: string }) => {
			const record = await addKernel({ image, ...options });
			process.stdout.write(`${record.id}: ${record.release} (${record.arch}), ${record.image_sha256}\n`);
		});
}

function mebibytes(bytes: number): string {
	return `${(bytes / 1024 / 1024).toFixed(1)} MiB`;
}
