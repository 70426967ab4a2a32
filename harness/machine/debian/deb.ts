// SPDX-License-Identifier: Apache-2.0
import { execa } from "execa";
import { InputError } from "../../base/errors.js";

/**
 * Unpacks a .deb (deb(5)), without running scripts. Links may lead out: read only regular files.
 * @throws InputError when the file is not a sound package
 */
export async function unpackDeb(deb: string, folder: string): Promise<void> {
	const result = await execa("dpkg-deb", ["--extract", deb, folder], {
		reject: false,
		stdin: "ignore",
		env: { LC_ALL: "C" },
	});
	if (!result.failed) return;
	const reason = result.stderr.split("\n")[0] || (result.shortMessage ?? "dpkg-deb failed");
	throw new InputError(deb, "", `is not a sound Debian package (${reason})`);
}
