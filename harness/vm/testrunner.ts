// SPDX-License-Identifier: Apache-2.0
import { join } from "node:path";
import { Instance, type InstanceOptions } from "./instance.js";
import { temporaryFolder } from "./process.js";

/**
 * A runner of its own for the tests that kill one: `node testrunner.js <options as JSON> <parent folder>` boots a
 * guest whose RAM is in a temporary folder, greets it, prints `{qemu, folder}` and waits to be killed.
 */
const options = JSON.parse(process.argv[2]!) as InstanceOptions;
const folder = temporaryFolder(process.argv[3]!, ".making-");
const instance = await Instance.boot(options, { kind: "shared", file: join(folder, "ram") });
await instance.hello();
process.stdout.write(`${JSON.stringify({ qemu: instance.pid, folder })}\n`);
setInterval(() => {}, 1000);
