// SPDX-License-Identifier: Apache-2.0

import { printable } from "../../base/printable.js";
import { proceedOn, verdictName } from "../../checks/chain/model/proceed.js";
import type { Package } from "../../data/package/package.js";
import type { Chain, ProgramReference } from "../../data/package/sections/chain.js";
import {
	type ChainHook,
	type ChainMechanism,
	chainHooks,
	mechanismFacts,
} from "../../data/package/sections/chain-hooks.js";
import { longReference, possibleMechanisms } from "../../data/package/sections/chain-rules.js";
import { table } from "../terminal/table.js";

/** A chain of the manifest, with what it leaves open as it is then taken. */
export interface ChainSummary {
	name: string;
	hook: ChainHook;
	/** The first of these that a kernel has. */
	mechanisms: ChainMechanism[];
	/** In the order that is promised. */
	members: MemberSummary[];
	root_program?: { program: ReferenceSummary; map: string; maps_before?: string[] };
	/** How many of its own; absent when it gets bpfgate's. */
	packets?: number;
	/** Command that builds it. */
	loader?: string[];
}

type ReferenceSummary = Exclude<ProgramReference, string>;

export interface MemberSummary {
	/** Without `package`, one of this package. */
	program: ReferenceSummary;
	/** Absent where the place alone counts. */
	priority?: number;
	/** Verdicts after which the next has its turn; absent where the kernel has fixed it. */
	proceed_on?: string[];
	/** Its own prog_array. */
	next?: string;
	/** Below the chain's. */
	cgroup?: string;
	preorder?: boolean;
	/** Names of the maps that the chain fills when the member's object is loaded. */
	maps_before?: string[];
}

/** @throws InputError for a verdict that programs on the hook do not have */
export function chainSummaries({ manifest, path }: Package): ChainSummary[] {
	return (manifest.chains ?? []).map((chain, index) => summaryOf(chain, `${path}/bpfgate.json`, index));
}

function summaryOf(chain: Chain, file: string, index: number): ChainSummary {
	const { name, hook, members, root_program: root, packets, loader } = chain;
	const mechanisms = possibleMechanisms(chain);
	const [mechanism] = mechanisms as [ChainMechanism];
	const { programType } = chainHooks[hook];
	return {
		name,
		hook,
		mechanisms,
		members: members.map(({ program, priority, proceed_on, maps_before, ...others }, at) => {
			const place = { file, pointer: `/chains/${index}/members/${at}/proceed_on` };
			const proceed = proceedOn(place, mechanism, programType, proceed_on);
			const names = proceed && [...proceed].map((verdict) => verdictName(mechanism, programType, verdict));
			return {
				program: longReference(program),
				...(mechanismFacts[mechanism].priority ? { priority: priority ?? at + 1 } : {}),
				...(names ? { proceed_on: names } : {}),
				...filling({ maps_before }),
				...others,
			};
		}),
		...(root
			? { root_program: { ...filling(root), program: longReference(root.program), map: root.map } }
			: {}),
		...(packets ? { packets: packets.length } : {}),
		...(loader ? { loader: loader.command } : {}),
	};
}

function filling({ maps_before }: { maps_before?: Record<string, unknown> | undefined }): {
	maps_before?: string[];
} {
	return maps_before ? { maps_before: Object.keys(maps_before) } : {};
}

/** `chain edge: xdp by dispatcher`, its members as a table, and what else there is to say. */
export function chainLines({ name, hook, mechanisms, members, ...others }: ChainSummary): string[] {
	const { root_program: root, packets, loader } = others;
	const columns: [string, (member: MemberSummary) => string][] = [
		["member", ({ program }) => referenceText(program)],
		["priority", ({ priority = "" }) => String(priority)],
		["goes on after", ({ proceed_on = [] }) => proceed_on.join(", ")],
		["next", ({ next = "" }) => next],
		["cgroup", ({ cgroup = "" }) => cgroup],
		["fills", ({ maps_before = [] }) => maps_before.join(", ")],
		["", ({ preorder }) => (preorder ? "preorder" : "")],
	];
	const told = columns.filter(([, text]) => members.some((member) => text(member) !== ""));
	const rows = [told.map(([head]) => head), ...members.map((member) => told.map(([, text]) => text(member)))];
	return [
		`chain ${name}: ${hook} by ${mechanisms.join(", else ")}`,
		...table(rows.map((row) => row.map(printable)))
			.split("\n")
			.map((text) => `  ${text}`),
		...(root
			? [`  root program: ${referenceText(root.program)}, whose map is ${root.map}${rootFills(root)}`]
			: []),
		...(packets ? [`  packets: ${packets} of its own`] : []),
		...(loader ? [`  built by: ${loader.join(" ")}`] : []),
	];
}

function rootFills({ maps_before = [] }: NonNullable<ChainSummary["root_program"]>): string {
	return maps_before.length === 0 ? "" : `; fills ${maps_before.join(", ")}`;
}

/** `filter`, `count of meter 2.1 (m.o)` */
function referenceText({ program, package: name, version, object }: ReferenceSummary): string {
	const owner = name === undefined ? "" : ` of ${name}${version === undefined ? "" : ` ${version}`}`;
	return `${program}${owner}${object === undefined ? "" : ` (${object})`}`;
}
