// SPDX-License-Identifier: Apache-2.0
import { bpftoolIsHere, bpftoolOf, bpftoolSuites } from "./testbpftool.js";

/**
 * For ci/setup: gets the bpftools that tests sign with into the cache, so that the tests themselves
 * ask no mirror.
 */
for (const suite of bpftoolSuites) {
	if (await bpftoolIsHere(suite)) continue;
	const { version } = await bpftoolOf(suite);
	process.stderr.write(`bpftool ${version} of Debian's ${suite} is here\n`);
}
