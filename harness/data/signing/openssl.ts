// SPDX-License-Identifier: Apache-2.0

import { execa } from "execa";
import { InputError } from "../../base/errors.js";
import { undecided } from "../reasons/registry/registry.js";

/** For a child process alone, each by a pipe that its arguments call `/dev/fd/<number>`. */
export type Secrets = readonly Uint8Array[];

/** The descriptor of the first of `secrets`; the next has the next number. */
export const firstSecret = 6;

const timeout = 60_000;
const maxOutput = 64 * 1024 * 1024;

/** Node gives children sockets, which `/dev/fd` cannot open: a shell makes them pipes. */
const scripts = [
	'exec "$@"',
	'exec 5<&0; cat <&3 | { exec 6<&0; exec "$@" <&5; }',
	'exec 5<&0; cat <&3 | { exec 6<&0; cat <&4 | { exec 7<&0; exec "$@" <&5; }; }',
] as const;

/**
 * Runs openssl; returns its stdout and stderr. @param secrets at most two @param env added
 * @throws InputError when it is not installed; UndecidedError `openssl-failed` when it does not end
 */
export async function openssl(
	args: readonly string[],
	input: Uint8Array,
	secrets: Secrets = [],
	env: Record<string, string> = {},
): Promise<{ ok: boolean; stdout: Uint8Array; stderr: string }> {
	const script = scripts[secrets.length];
	if (script === undefined) throw new Error("more secrets than pipes");
	const result = await execa("/bin/sh", ["-c", script, "sh", "openssl", ...args], {
		stdio: ["pipe", "pipe", "pipe", ...secrets.map((secret) => Uint8Array.from(secret))],
		input,
		encoding: "buffer",
		stripFinalNewline: false,
		maxBuffer: maxOutput,
		timeout,
		reject: false,
		env: { LC_ALL: "C", ...env },
	});
	const stderr = Buffer.from(result.stderr).toString();
	// What dash and bash say; the script's own status is not that of a command that its pipe could
	// not start.
	if (/openssl: (command )?not found/.test(stderr))
		throw new InputError(
			"openssl",
			"",
			"is not installed; keys in PKCS#11 tokens sign through it, and so do the attacks of the signature check",
		);
	if (result.timedOut) throw undecided("openssl-timeout", { command: `${args[0]}`, seconds: timeout / 1000 });
	return { ok: !result.failed, stdout: new Uint8Array(result.stdout), stderr };
}

/** The most telling words that openssl left: those of the first error in its queue. */
export function opensslReason(stderr: string): string {
	const queue = /:error:[0-9A-Fa-f]+:([^:]*):([^:]*):([^:\n]*)/.exec(stderr);
	if (queue) return queue[3]!.trim();
	return stderr.trim().split("\n")[0]?.slice(0, 200) ?? "";
}
