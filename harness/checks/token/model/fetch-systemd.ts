// SPDX-License-Identifier: Apache-2.0
import { systemdIsHere, verifiedBySystemd } from "./testsystemd.js";

/** For ci/setup: fetches the systemd that drop-ins are tried with; tests need no mirror. */
if (!(await systemdIsHere())) {
	const { version } = await verifiedBySystemd("[Service]\n");
	process.stderr.write(`systemd ${version} of Debian is here\n`);
}
