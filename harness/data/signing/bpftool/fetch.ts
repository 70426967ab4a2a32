// SPDX-License-Identifier: Apache-2.0
import { bpftoolIsHere, bpftoolOf, bpftoolSuites } from "./testbpftool.js";

/** For ci/setup: fetches the bpftools that tests sign with; tests need no mirror. */
for (const suite of bpftoolSuites) {
	if (await bpftoolIsHere(suite)) continue;
	const { version } = await bpftoolOf(suite);
	process.stderr.write(`bpftool ${version} of Debian's ${suite} is here\n`);
}
