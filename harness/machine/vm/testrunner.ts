// SPDX-License-Identifier: Apache-2.0
import { join } from "node:path";
import { Instance, type InstanceOptions } from "./instance.js";
import { own, temporaryFolder } from "./process.js";

/**
 * A runner of its own for the tests that kill one: `node testrunner.js <parent folder> [<options as
 * JSON>]` makes a temporary folder and starts a process, with options a guest whose RAM is in the
 * folder and which it greets; it prints `{pid, folder}` and waits to be killed.
 */
const [parent, options] = process.argv.slice(2);
const folder = temporaryFolder(parent!, ".making-");

async function boot(options: InstanceOptions): Promise<Instance> {
	const instance = await Instance.boot(options, { kind: "shared", file: join(folder, "ram") });
	await instance.hello();
	return instance;
}

const { pid } = options === undefined ? await own("sleep", ["1000"], []) : await boot(JSON.parse(options));
process.stdout.write(`${JSON.stringify({ pid, folder })}\n`);
setInterval(() => {}, 1000);
