// SPDX-License-Identifier: Apache-2.0
import {
	configuredDifferences,
	type Difference,
	executedDifferences,
	type Met,
} from "./order-differences.js";

/** One member at one place of one column. */
export interface Cell {
	/** Printable ASCII only. */
	label: string;
	/** From 1; absent for a member that is missing here. */
	place?: number;
	/** What it returned. */
	verdict?: string;
	/** It differs from the expected member. */
	differs: boolean;
}

export const columnNames = ["declared", "configured", "executed"] as const;

/** A chain three times: as declared, as the kernel lists it, as a packet met it. */
export interface ChainView {
	title: string;
	/** In the order of `columnNames`. */
	columns: [Cell[], Cell[], Cell[]];
	/** A sentence for each difference: of the configured order, then of the executed one. */
	sentences: string[];
}

/** Orders to compare side by side, as labels. */
export interface ChainOrders {
	title: string;
	declared: readonly string[];
	configured: readonly string[];
	/** What the packet should have met. */
	expected: readonly Met[];
	executed: readonly Met[];
}

export function chainView({ title, declared, configured, expected, executed }: ChainOrders): ChainView {
	const ofHook = configuredDifferences(declared, configured);
	const ofPacket = executedDifferences(expected, executed, declared);
	return {
		title: shown(title),
		columns: [
			column(
				declared.map((member) => ({ member })),
				[],
			),
			column(
				configured.map((member) => ({ member })),
				ofHook,
			),
			column(executed, ofPacket),
		],
		sentences: [...ofHook, ...ofPacket].map(({ message }) => shown(message)),
	};
}

function column(members: readonly Met[], differences: readonly Difference[]): Cell[] {
	const differing = new Set(differences.map(({ found }) => found));
	const there = members.map(
		({ member, verdict }, index): Cell => ({
			label: shown(member),
			place: index + 1,
			...(verdict === undefined ? {} : { verdict: shown(verdict) }),
			differs: differing.has(index + 1),
		}),
	);
	const missing = differences.filter(({ kind }) => kind === "missing");
	return [...there, ...missing.map(({ member }): Cell => ({ label: shown(member), differs: true }))];
}

/** Names are hostile: other characters than printable ASCII could change the picture. */
function shown(text: string): string {
	return text.replace(/[^\x20-\x7e]/gu, "?");
}
