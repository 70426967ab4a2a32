// SPDX-License-Identifier: Apache-2.0
import { readFile } from "node:fs/promises";
import { InputError, systemReason } from "../../base/errors.js";

const option = "--passphrase";

/**
 * A passphrase from where the user keeps it: `env:NAME`, `file:PATH` (its first line) or `prompt`
 * at the terminal. On the command line itself every user of the machine could read it.
 * @param twice asks for it a second time, as for a new key
 * @throws InputError when it is not there, or empty
 */
export async function readPassphrase(source: string, twice = false): Promise<string> {
	const [kind, where = ""] = source.split(/:(.*)/s);
	const passphrase = await read(kind, where, twice);
	if (passphrase === "") throw new InputError(option, source, "is empty");
	return passphrase;
}

async function read(kind: string | undefined, where: string, twice: boolean): Promise<string> {
	switch (kind) {
		case "env": {
			const value = process.env[where];
			if (value === undefined) throw new InputError(option, `env:${where}`, "there is no such variable");
			return value;
		}
		case "file": {
			const text = await readFile(where, "utf8").catch((cause) => {
				throw new InputError(option, where, `cannot be read: ${systemReason(cause)}`);
			});
			return text.split("\n")[0]!.replace(/\r$/, "");
		}
		case "prompt": {
			const passphrase = await ask("Passphrase of the key: ");
			if (twice && (await ask("Passphrase again: ")) !== passphrase)
				throw new InputError(option, "prompt", "the two passphrases differ");
			return passphrase;
		}
		default:
			throw new InputError(option, "", "must be env:NAME, file:PATH or prompt");
	}
}

/** Reads a line from the terminal, which does not show it. */
async function ask(question: string): Promise<string> {
	const { stdin, stderr } = process;
	if (!stdin.isTTY) throw new InputError(option, "prompt", "there is no terminal to ask at");
	// Before the question, or what is typed at once is shown.
	stdin.setRawMode(true);
	stderr.write(question);
	stdin.setEncoding("utf8");
	let line = "";
	try {
		for await (const chunk of stdin.iterator({ destroyOnReturn: false })) {
			for (const character of String(chunk)) {
				if (character === "\r" || character === "\n") return line;
				if (character === "\u0003" || character === "\u0004")
					throw new InputError(option, "prompt", "was interrupted");
				line = character === "\u007f" ? line.slice(0, -1) : line + character;
			}
		}
		return line;
	} finally {
		stdin.setRawMode(false);
		stdin.pause();
		stderr.write("\n");
	}
}
