// SPDX-License-Identifier: Apache-2.0
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { execa } from "execa";
import { InputError } from "../errors.js";

/**
 * Unpacks a .deb (deb(5)) into a temporary folder, lends it to `use`, and removes it. Maintainer scripts are not run.
 * Links inside may point anywhere: read regular files only.
 *
 * @throws InputError when the file is no sound package
 */
export async function withUnpackedDeb<T>(deb: string, use: (folder: string) => Promise<T>): Promise<T> {
	const folder = await mkdtemp(join(tmpdir(), "bpfgate-deb-"));
	try {
		const result = await execa("dpkg-deb", ["--extract", deb, folder], {
			reject: false,
			stdin: "ignore",
			env: { LC_ALL: "C" },
		});
		if (result.failed) {
			const reason = result.stderr.split("\n")[0] || (result.shortMessage ?? "dpkg-deb failed");
			throw new InputError(deb, "", `is not a sound Debian package (${reason})`);
		}
		return await use(folder);
	} finally {
		await rm(folder, { recursive: true, force: true });
	}
}
