// SPDX-License-Identifier: Apache-2.0
import { anyName, tokenKinds } from "../../../data/package/sections/token.js";
import { type Delegation, doesGrant, type Grant, grantName, grantsOf } from "./delegation.js";

/** A grant that is declared and not needed, or needed and not declared. */
export interface DelegationDifference {
	kind: "too-wide" | "too-narrow";
	grant: Grant;
	/** A sentence without a full stop. */
	message: string;
}

/** Compares what is declared with what is enough. @param needed names, without `any` */
export function compareDelegations(declared: Delegation, needed: Delegation): DelegationDifference[] {
	const wide = grantsOf(declared)
		.filter(({ kind, name }) => name === anyName || !needed[kind].includes(name))
		.map((grant): DelegationDifference => ({ kind: "too-wide", grant, message: tooWide(grant, needed) }));
	const narrow = grantsOf(needed)
		.filter((grant) => !doesGrant(declared, grant))
		.map((grant): DelegationDifference => ({ kind: "too-narrow", grant, message: tooNarrow(grant) }));
	const order = (difference: DelegationDifference) => tokenKinds.indexOf(difference.grant.kind);
	return [...narrow, ...wide].sort((a, b) => order(a) - order(b));
}

function tooWide(grant: Grant, needed: Delegation): string {
	const { kind, name } = grant;
	if (name !== anyName) return `${grantName(grant)} is declared, but the package works without it`;
	const enough = needed[kind];
	return enough.length === 0
		? `all ${kind} are declared, but the package needs none`
		: `all ${kind} are declared, but ${enough.join(", ")} ${enough.length === 1 ? "is" : "are"} enough`;
}

function tooNarrow(grant: Grant): string {
	return `${grantName(grant)} is not declared, but the package does not work without it`;
}
