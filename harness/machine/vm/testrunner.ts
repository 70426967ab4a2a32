// SPDX-License-Identifier: Apache-2.0
import { join } from "node:path";
import { Instance, type InstanceOptions } from "./instance.js";
import { own, temporaryFolder } from "./process.js";

/**
 * For tests that kill a runner, `node testrunner.js <folder> [<options>]`: makes a temporary folder
 * and a process, or a greeted guest with its RAM there; prints `{pid, folder}` and waits.
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
