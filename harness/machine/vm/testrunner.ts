// SPDX-License-Identifier: Apache-2.0
import { own, temporaryFolder } from "./process.js";

/**
 * For tests that kill a runner, `node testrunner.js <folder>`: makes a temporary folder there and a
 * process; prints `{pid, folder}` and waits.
 */
const [parent] = process.argv.slice(2);
const folder = temporaryFolder(parent!, ".making-");
const { pid } = await own("sleep", ["1000"], []);
process.stdout.write(`${JSON.stringify({ pid, folder })}\n`);
setInterval(() => {}, 1000);
