// SPDX-License-Identifier: Apache-2.0
import type { GatekeeperName } from "./artifacts.js";

/** What a gatekeeper says of one case, and what is told when it does not keep it. */
export interface CasePromise {
	/** What has to be so, as a sentence that goes on after "it". */
	keeps: string;
	/**
	 * Whether the plain gatekeeper promises it, and the hardened one; undefined: the case is not
	 * asked of it.
	 */
	plain?: boolean;
	hardened?: boolean;
	/** What the gatekeeper does not stop, where it does not promise to. */
	opens?: string;
}

/**
 * Cases that another package would see otherwise; all others are of the gatekeeper and the kernel
 * alone.
 */
export const ofPackage: readonly string[] = ["admits-package", "tampered-package"];

type Family = "signature" | "deny" | "loader";

const both = { plain: true, hardened: true };
const hardenedOnly = { plain: false, hardened: true };
const neither = { plain: false, hardened: false };

/** Asked of every gatekeeper. */
const common = {
	"attached-before": {
		keeps: "decides although a program of an attacker was attached before it",
		...neither,
		opens:
			"a program that was attached to the kernel's own call of the hook (fmod_ret, or on old kernels LSM) before the gatekeeper and answers in its place",
	},
	"loaded-before": {
		keeps: "leaves what was loaded before it in the kernel, where it can be listed",
		...both,
	},
	"admits-package": { keeps: "lets the package in", ...both },
	"unsigned-load": { keeps: "keeps out a program that another process of root loads", ...both },
	"load-by-program": {
		keeps: "keeps out a program that is loaded by an unsigned program from before, with bpf_sys_bpf()",
		...both,
	},
	"attached-after": {
		keeps: "keeps a program that was loaded before from being attached now, to answer in its place",
		...hardenedOnly,
		opens:
			"a program that was loaded before the gatekeeper, and is attached afterwards to answer in its place",
	},
	"link-detach": { keeps: "cannot be detached by who asks for its link by id", ...both },
	unpin: { keeps: "cannot be unpinned, nor its bpffs be unmounted", hardened: true },
	"rewrite-settings": {
		keeps: "cannot be told otherwise by who asks for its maps by id",
		...hardenedOnly,
		opens: "a process of root that rewrites the gatekeeper's settings by map id",
	},
	"holder-ends": {
		keeps: "stays when the process ends that loaded it",
		...hardenedOnly,
		opens: "the end of the process that holds the gatekeeper's links: it goes with it",
	},
} satisfies Record<string, CasePromise>;

const special: Record<Family, Record<string, CasePromise>> = {
	signature: {
		"forked-load": { keeps: "keeps out what a fork of another process loads", ...both },
		"listed-key": { keeps: "admits a program by the admitted key", ...both },
		"unlisted-key": {
			keeps: "keeps out a program that the kernel verified, by a key of the attacker in a keyring of theirs",
			...both,
		},
		"session-keyring": {
			keeps: "keeps out a program that the kernel verified against the session keyring",
			...both,
		},
		"tampered-load": {
			keeps: "never gets to see a program that was changed after signing: the kernel refuses it",
			...both,
		},
		"key-added": {
			keeps: "keeps out a program by a key that the attacker puts into the admitted keyring",
			...hardenedOnly,
			opens: "a process of root that adds a key to the admitted keyring, unless the keyring is restricted",
		},
	},
	deny: {
		"unsigned-map": { keeps: "keeps out a map that another process of root creates", ...both },
		"forked-load": { keeps: "keeps out what a fork of another process loads", ...both },
		"tampered-package": {
			keeps: "stands behind a loader that refuses a package which was changed after signing",
			...both,
		},
		"trusted-memory": {
			keeps: "keeps other processes of root from writing into the trusted one's memory",
			...hardenedOnly,
			opens: "a process of root that writes into the trusted process (/proc/<pid>/mem, ptrace)",
		},
	},
	loader: {
		"unsigned-map": { keeps: "keeps out a map that an executable which is not approved creates", ...both },
		"without-verity": {
			keeps: "keeps out the approved executable copied to a file without fs-verity",
			...both,
		},
		"changed-loader": { keeps: "keeps out an executable with fs-verity that was changed", ...both },
		"foreign-signature": {
			keeps: "keeps out an executable whose digest is signed by a key that is not trusted",
			...both,
		},
		"write-loader": { keeps: "stands on files that nobody can write to any more", ...both },
		"traced-loader": {
			keeps: "keeps out the approved executable while another process traces it",
			...hardenedOnly,
			opens: "a process of root that starts the approved loader under ptrace and has it do something else",
		},
		"other-object": {
			keeps: "keeps out an unsigned object that is given to the approved loader",
			...neither,
			opens: "an approved loader that is given another object: who may load is approved, not what",
		},
		"key-added": {
			keeps: "keeps out a loader signed by a key that the attacker puts into the trusted keyring",
			...hardenedOnly,
			opens: "a process of root that adds a key to the trusted keyring, unless the keyring is restricted",
		},
	},
};

/** With bpf_sys_bpf() the kernel itself asks, and its own example of a gatekeeper admits that. */
const signatureCommon: Record<string, CasePromise> = {
	"load-by-program": {
		...common["load-by-program"],
		...hardenedOnly,
		opens:
			"an unsigned syscall program that was loaded before the gatekeeper, and loads others with bpf_sys_bpf(): such loads count as the kernel's own",
	},
};

export function familyOf(name: GatekeeperName): Family {
	return name.replace("-hardened", "") as Family;
}

export function isHardened(name: GatekeeperName): boolean {
	return name.endsWith("-hardened");
}

/** The cases of a gatekeeper, by name, each with its promise. */
export function promisesOf(name: GatekeeperName): Map<string, CasePromise & { promised: boolean }> {
	const family = familyOf(name);
	const all: Record<string, CasePromise> = {
		...common,
		...(family === "signature" ? signatureCommon : {}),
		...special[family],
	};
	const found = new Map<string, CasePromise & { promised: boolean }>();
	for (const [each, promise] of Object.entries(all)) {
		const promised = isHardened(name) ? promise.hardened : promise.plain;
		if (promised !== undefined) found.set(each, { ...promise, promised });
	}
	return found;
}
