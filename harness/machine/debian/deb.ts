// SPDX-License-Identifier: Apache-2.0
import { execa } from "execa";
import { InputError } from "../../base/errors.js";

/**
 * Unpacks a .deb (deb(5)) into a folder. Maintainer scripts are not run. Links inside may point
 * anywhere: read regular files only.
 *
 * @throws InputError when the file is no sound package
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
