// SPDX-License-Identifier: Apache-2.0
import { InputError } from "../../../base/errors.js";
import { anyName, type TokenKind, tokenNames } from "../../../data/package/sections/token.js";
import { type Delegation, delegationOfGrants, type Grant } from "./delegation.js";
import { type DelegatedKind, delegatedKinds } from "./mount-options.js";

/** Directives of systemd.exec(5), from version 258, and the prefix of each kind's names. */
const directives: Readonly<Record<DelegatedKind, { directive: string; prefix: string }>> = {
	commands: { directive: "BPFDelegateCommands", prefix: "BPF" },
	maps: { directive: "BPFDelegateMaps", prefix: "BPFMapType" },
	programs: { directive: "BPFDelegatePrograms", prefix: "BPFProgType" },
	attachments: { directive: "BPFDelegateAttachments", prefix: "BPF" },
};

/** systemd uses enumerators that the kernel has given an alias since. */
const otherNames: Readonly<Record<string, string>> = {
	cgroup_storage: "cgroup_storage_deprecated",
	percpu_cgroup_storage: "percpu_cgroup_storage_deprecated",
};

/** Tried with systemd 262, which ignores unknown names, also in its exit status. */
const unknownToSystemd: Readonly<Partial<Record<TokenKind, readonly string[]>>> = { programs: ["syscall"] };

/** A name as systemd has it: `BPFMapTypeLruHash`; undefined when systemd has none for it. */
export function systemdName(kind: DelegatedKind, name: string): string | undefined {
	if (name === anyName) return anyName;
	if (unknownToSystemd[kind]?.includes(name)) return undefined;
	const words = (otherNames[name] ?? name).split("_");
	const camel = words.map((word) => word.charAt(0).toUpperCase() + word.slice(1)).join("");
	return `${directives[kind].prefix}${camel}`;
}

/** A drop-in, and the grants that it cannot express. */
export interface DropIn {
	text: string;
	/** Grants that systemd has no name for. */
	unnamed: Grant[];
}

/** A drop-in for a service (systemd 258): user and mount namespace with a bpffs that delegates. */
export function printDropIn(delegation: Delegation): DropIn {
	const unnamed: Grant[] = [];
	const lines = delegatedKinds.flatMap((kind) => {
		const named = delegation[kind].flatMap((name) => {
			const known = systemdName(kind, name);
			if (known === undefined) unnamed.push({ kind, name });
			return known ?? [];
		});
		return named.length > 0 ? [`${directives[kind].directive}=${named.join(",")}`] : [];
	});
	const { capabilities } = delegation;
	const held = capabilities.includes(anyName) ? tokenNames.capabilities.names : capabilities;
	const comments = unnamed.map(
		({ kind, name }) =>
			`# systemd 262 has no name for ${name} of ${directives[kind as DelegatedKind].directive}=`,
	);
	const text = [
		"[Service]",
		"PrivateUsers=yes",
		"PrivateMounts=yes",
		"DelegateNamespaces=mnt",
		"PrivateBPF=yes",
		...comments,
		...lines,
		...(held.length > 0 ? [`AmbientCapabilities=${held.map((name) => name.toUpperCase()).join(" ")}`] : []),
	];
	return { text: `${text.join("\n")}\n`, unnamed };
}

/**
 * Reads a drop-in or unit as systemd does: lines add, an empty value resets, `\` continues a line.
 * @throws InputError with the line, for an unknown name; for a file that delegates nothing
 */
export function parseDropIn(file: string, text: string): Delegation {
	const grants = new Map<TokenKind, Grant[]>();
	for (const { number, line } of logicalLines(text)) {
		const [, directive, value = ""] = /^\s*([A-Za-z]+)\s*=\s*(.*?)\s*$/.exec(line) ?? [];
		const place = `line ${number}`;
		if (directive === "AmbientCapabilities") add("capabilities", value, place, capabilityNamed);
		const kind = delegatedKinds.find((candidate) => directives[candidate].directive === directive);
		if (kind) add(kind, value, place, (name) => kernelName(kind, name));
	}
	const all = [...grants.values()].flat();
	if (all.length === 0) {
		const names = delegatedKinds.map((kind) => `${directives[kind].directive}=`);
		throw new InputError(
			file,
			"",
			`delegates nothing: ${names.join(", ")} and AmbientCapabilities= are empty`,
		);
	}
	return delegationOfGrants(all);

	function add(kind: TokenKind, value: string, place: string, kernel: (name: string) => string | undefined) {
		if (value === "") grants.set(kind, []);
		for (const each of value.split(/[\s,]+/).filter((name) => name !== "")) {
			const name = kernel(each);
			if (name === undefined)
				throw new InputError(
					file,
					place,
					`systemd has no ${JSON.stringify(each)} among its names of ${kind}`,
				);
			grants.set(kind, [...(grants.get(kind) ?? []), { kind, name }]);
		}
	}
}

/** Comments between the parts of a continued line are ignored, systemd.syntax(7). */
function logicalLines(text: string): { number: number; line: string }[] {
	const lines: { number: number; line: string }[] = [];
	let goesOn = false;
	for (const [index, line] of text.split(/\r?\n/).entries()) {
		const last = lines.at(-1);
		if (/^\s*[#;]/.test(line)) continue;
		const part = line.replace(/\\$/, " ");
		if (goesOn && last) last.line += part;
		else lines.push({ number: index + 1, line: part });
		goesOn = part !== line;
	}
	return lines;
}

function kernelName(kind: DelegatedKind, name: string): string | undefined {
	return [anyName, ...tokenNames[kind].names].find((candidate) => systemdName(kind, candidate) === name);
}

function capabilityNamed(name: string): string | undefined {
	const lower = name.toLowerCase();
	return tokenNames.capabilities.number(lower) === undefined ? undefined : lower;
}
