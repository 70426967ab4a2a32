// SPDX-License-Identifier: Apache-2.0
// `npm run selftests [-- 7.3]`: compares the load check with what the kernel's selftests expect.
import { compareSelftests } from "./selftest-compare.js";

const interrupted = new AbortController();
process.once("SIGINT", () => interrupted.abort());
process.exitCode = await compareSelftests(process.argv.slice(2), {
	signal: interrupted.signal,
	out: (text) => process.stdout.write(text),
	err: (text) => process.stderr.write(text),
});
