// SPDX-License-Identifier: Apache-2.0
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { execa } from "execa";
import { areUnpacked, unpacked } from "../../../machine/debian/testunpacked.js";

/** Debian's newest, with the libraries that it must have; it opens others only where they exist. */
const suite = "sid";
const packages = ["systemd", "libsystemd-shared", "libc6"];
const libraries = "usr/lib/x86_64-linux-gnu";

/** Whether the cache has the systemd that drop-ins are tried with, so that no mirror is needed. */
export const systemdIsHere = () => areUnpacked(suite, packages);

/** Complaints of `systemd-analyze verify` by line; its exit status stays 0. */
export async function verifiedBySystemd(dropIn: string): Promise<{ version: string; complaints: string[] }> {
	const { folder, version } = await unpacked(suite, packages);
	const path = join(folder, libraries);
	const units = await mkdtemp(join(tmpdir(), "bpfgate-units-"));
	try {
		const unit = join(units, "bpfgate-token.service");
		await writeFile(unit, `${dropIn}ExecStart=/bin/true\n`);
		const loader = [
			"--library-path",
			`${path}:${join(path, "systemd")}`,
			join(folder, "usr/bin/systemd-analyze"),
		];
		const { stderr, stdout } = await execa(
			join(path, "ld-linux-x86-64.so.2"),
			[...loader, "verify", "--man=no", "--recursive-errors=no", unit],
			{ reject: false, env: { SYSTEMD_COLORS: "0", SYSTEMD_UNIT_PATH: units } },
		);
		return { version, complaints: `${stdout}\n${stderr}`.split("\n").filter((line) => line !== "") };
	} finally {
		await rm(units, { recursive: true });
	}
}
