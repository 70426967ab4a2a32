// SPDX-License-Identifier: Apache-2.0
import { readFile, stat } from "node:fs/promises";
import { InputError } from "../../../base/errors.js";
import { parseInstanceOption } from "../../../checks/token/model/container-options.js";
import {
	type Delegation,
	delegationOf,
	delegationOfGrants,
	grantsOf,
	including,
} from "../../../checks/token/model/delegation.js";
import { parseMountOptions, parseNames } from "../../../checks/token/model/mount-options.js";
import { parseDropIn } from "../../../checks/token/model/systemd-drop-in.js";
import { openPackage } from "../../../data/package/package.js";
import { anyName } from "../../../data/package/sections/token.js";

const maxBytes = 1024 * 1024;

/**
 * The sum of what arguments delegate: bpffs mount options, Incus or LXD instance options,
 * capabilities (`cap_bpf,cap_perfmon`), systemd drop-ins, packages. Without a named capability the
 * user holds all of them, as in a container.
 * @throws InputError for other arguments
 */
export async function delegationArgument(texts: readonly string[]): Promise<Delegation> {
	const parts: Delegation[] = [];
	for (const text of texts) parts.push(await one(text));
	const together = delegationOfGrants(parts.flatMap(grantsOf));
	if (together.capabilities.length > 0) return together;
	return including(together, { kind: "capabilities", name: anyName });
}

async function one(text: string): Promise<Delegation> {
	const option = parseInstanceOption(text);
	if (option) return option;
	if (/(^|,)delegate_\w+=/.test(text)) return parseMountOptions("options", text);
	if (/^cap_\w+(,cap_\w+)*$/i.test(text))
		return delegationOfGrants(parseNames("capabilities", text, "capabilities", text.split(",")));
	const info = await stat(text).catch(() => undefined);
	if (!info)
		throw new InputError(
			text,
			"",
			"is not a delegation: give bpffs mount options (delegate_progs=xdp), Incus or LXD options, capabilities (cap_bpf), a systemd drop-in or a package",
		);
	if (info.isFile() && /\.(conf|service)$/.test(text)) {
		if (info.size > maxBytes)
			throw new InputError(text, "", `has ${info.size} bytes, more than the limit of ${maxBytes}`);
		return parseDropIn(text, await readFile(text, "utf8"));
	}
	const { manifest, path } = await openPackage(text);
	if (!manifest.token) throw new InputError(path, "/token", "is missing: the package declares no token");
	return delegationOf(manifest.token);
}
