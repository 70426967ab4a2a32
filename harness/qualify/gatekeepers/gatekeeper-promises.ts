// SPDX-License-Identifier: Apache-2.0
import {
	type GatekeeperKind,
	type GatekeeperName,
	isHardened,
	kindOf,
} from "../../checks/signature/gatekeeper/artifacts.js";

/** One case of a gatekeeper, and what an attacker gains where it is not promised. */
export interface GatekeeperPromise {
	/** What should hold, as a predicate of the gatekeeper: `refuses ...`. */
	does: string;
	/** Whether the plain gatekeeper and the hardened one promise it; undefined: not asked of it. */
	plain?: boolean;
	hardened?: boolean;
	/** What the gatekeeper does not stop, where it does not promise to. */
	gap?: string;
}

const both = { plain: true, hardened: true };
const hardenedOnly = { plain: false, hardened: true };
const neither = { plain: false, hardened: false };

/** Asked of every gatekeeper. */
const common: Record<string, GatekeeperPromise> = {
	"attached-before": {
		does: "decides although an attacker attached a program before it",
		...neither,
		gap: "a program attached earlier to the kernel function that calls the hook (fmod_ret, on old kernels LSM) answers in place of the gatekeeper",
	},
	"loaded-before": {
		does: "leaves programs that were loaded before it in the kernel, where they can be listed",
		...both,
	},
	"admits-package": { does: "admits a package that it should admit", ...both },
	"unsigned-load": { does: "refuses a program that another root process loads", ...both },
	"load-by-program": {
		does: "refuses a program that an unsigned program from before loads with bpf_sys_bpf()",
		...both,
	},
	"attached-after": {
		does: "refuses to attach a program that was loaded before it",
		...hardenedOnly,
		gap: "a program that was loaded before the gatekeeper is attached afterwards, and answers in its place",
	},
	"link-detach": { does: "cannot be detached through its link ID", ...both },
	unpin: { does: "cannot be unpinned, and its bpffs cannot be unmounted", hardened: true },
	"rewrite-settings": {
		does: "refuses changes to its settings through its map IDs",
		...hardenedOnly,
		gap: "a root process rewrites the gatekeeper's settings through the map ID",
	},
	"holder-ends": {
		does: "stays attached when the process that loaded it ends",
		...hardenedOnly,
		gap: "the gatekeeper is detached when the process that holds its links ends",
	},
};

const special: Record<GatekeeperKind, Record<string, GatekeeperPromise>> = {
	signature: {
		// A load with bpf_sys_bpf() counts as the kernel's own, and the kernel's example gatekeeper
		// admits those.
		"load-by-program": {
			does: "refuses a program that an unsigned program from before loads with bpf_sys_bpf()",
			...hardenedOnly,
			gap: "an unsigned syscall program that was loaded before the gatekeeper loads others with bpf_sys_bpf(), which counts as a load by the kernel",
		},
		"forked-load": { does: "refuses a program that a fork of another process loads", ...both },
		"listed-key": { does: "admits a program signed with an admitted key", ...both },
		"unlisted-key": {
			does: "refuses a program that the kernel verified against the attacker's own keyring",
			...both,
		},
		"session-keyring": {
			does: "refuses a program that the kernel verified against the session keyring",
			...both,
		},
		"tampered-load": {
			does: "is not called for a program that was changed after signing: the kernel refuses it first",
			...both,
		},
		"key-added": {
			does: "refuses a program signed with a key that the attacker adds to the admitted keyring",
			...hardenedOnly,
			gap: "a root process adds a key to the admitted keyring, unless the keyring is restricted",
		},
	},
	deny: {
		"unsigned-map": { does: "refuses a map that another root process creates", ...both },
		"forked-load": { does: "refuses a program that a fork of another process loads", ...both },
		"trusted-memory": {
			does: "refuses writes of other root processes into the memory of the trusted one",
			...hardenedOnly,
			gap: "a root process writes into the memory of the trusted process (/proc/<pid>/mem, ptrace)",
		},
	},
	loader: {
		"unsigned-map": { does: "refuses a map that an executable without approval creates", ...both },
		"without-verity": {
			does: "refuses the approved executable copied to a file without fs-verity",
			...both,
		},
		"changed-loader": { does: "refuses a changed executable with fs-verity", ...both },
		"foreign-signature": {
			does: "refuses an executable whose digest is signed with a key that is not trusted",
			...both,
		},
		"write-loader": { does: "approves files that can no longer be written", ...both },
		"traced-loader": {
			does: "refuses the approved executable while another process traces it",
			...hardenedOnly,
			gap: "a root process starts the approved loader under ptrace and makes it load something else",
		},
		"other-object": {
			does: "refuses an unsigned object that is given to the approved loader",
			...neither,
			gap: "the approved loader is given another object: the gatekeeper approves who loads, not what",
		},
		"key-added": {
			does: "refuses a loader signed with a key that the attacker adds to the trusted keyring",
			...hardenedOnly,
			gap: "a root process adds a key to the trusted keyring, unless the keyring is restricted",
		},
	},
};

/** The cases of a gatekeeper by name. @returns `promised`: whether this gatekeeper promises it */
export function promisesOf(name: GatekeeperName): Map<string, GatekeeperPromise & { promised: boolean }> {
	const all = { ...common, ...special[kindOf(name)] };
	const found = new Map<string, GatekeeperPromise & { promised: boolean }>();
	for (const [each, promise] of Object.entries(all)) {
		const promised = isHardened(name) ? promise.hardened : promise.plain;
		if (promised !== undefined) found.set(each, { ...promise, promised });
	}
	return found;
}
