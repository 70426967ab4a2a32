// SPDX-License-Identifier: Apache-2.0
import {
	anyName,
	type TokenKind,
	type TokenSettings,
	tokenKinds,
	tokenNames,
} from "../../../data/package/sections/token.js";

/** A BPF token's grants and its user's capabilities in the namespace: names, or `any` alone. */
export type Delegation = Readonly<Record<TokenKind, readonly string[]>>;

export interface Grant {
	kind: TokenKind;
	name: string;
}

/** The kind of one grant: `program` for `programs`. */
export const singularKinds = {
	commands: "command",
	maps: "map",
	programs: "program",
	attachments: "attachment",
	capabilities: "capability",
} as const satisfies Record<TokenKind, string>;

/** A grant in cases, evidence and messages: `program/xdp`. */
export function grantName({ kind, name }: Grant): string {
	return `${singularKinds[kind]}/${name}`;
}

/** The delegation in a manifest's section; empty without one. */
export function delegationOf(settings: TokenSettings = {}): Delegation {
	return delegationOfGrants(
		tokenKinds.flatMap((kind) => (settings[kind] ?? []).map((name) => ({ kind, name }))),
	);
}

/** A delegation of exactly these grants; `any` replaces all names of its kind. */
export function delegationOfGrants(grants: Iterable<Grant>): Delegation {
	const all = [...grants];
	const names = (kind: TokenKind) => {
		const wanted = new Set(all.filter((grant) => grant.kind === kind).map(({ name }) => name));
		if (wanted.has(anyName)) return [anyName];
		return tokenNames[kind].names.filter((name) => wanted.has(name));
	};
	return {
		commands: names("commands"),
		maps: names("maps"),
		programs: names("programs"),
		attachments: names("attachments"),
		capabilities: names("capabilities"),
	};
}

export function grantsOf(delegation: Delegation): Grant[] {
	return tokenKinds.flatMap((kind) => delegation[kind].map((name) => ({ kind, name })));
}

/** Its grants, with every known name in place of `any`. */
export function namedGrantsOf(delegation: Delegation): Grant[] {
	return tokenKinds.flatMap((kind) => {
		const names = delegation[kind].includes(anyName) ? tokenNames[kind].names : delegation[kind];
		return names.map((name) => ({ kind, name }));
	});
}

/** Whether it grants that, by name or by `any`. */
export function doesGrant(delegation: Delegation, { kind, name }: Grant): boolean {
	return delegation[kind].includes(name) || delegation[kind].includes(anyName);
}

/** Without that grant; `any` becomes all known names but this one. */
export function without(delegation: Delegation, grant: Grant): Delegation {
	const names = delegation[grant.kind].includes(anyName)
		? grant.name === anyName
			? []
			: tokenNames[grant.kind].names
		: delegation[grant.kind];
	return { ...delegation, [grant.kind]: names.filter((name) => name !== grant.name) };
}

/** With these grants as well. */
export function including(delegation: Delegation, ...grants: Grant[]): Delegation {
	return delegationOfGrants([...grantsOf(delegation), ...grants]);
}

/** As a manifest has it: empty kinds are left out. */
export function settingsOf(delegation: Delegation): TokenSettings {
	return Object.fromEntries(
		tokenKinds.filter((kind) => delegation[kind].length > 0).map((kind) => [kind, [...delegation[kind]]]),
	);
}

export const everything: Delegation = delegationOfGrants(tokenKinds.map((kind) => ({ kind, name: anyName })));
