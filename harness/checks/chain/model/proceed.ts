// SPDX-License-Identifier: Apache-2.0
import { InputError } from "../../../base/errors.js";
import { retvalName, retvalNames, retvalNumber } from "../../../base/retval.js";
import type { ReferencePlace } from "../../../data/package/sections/chain.js";
import { type ChainMechanism, mechanismFacts } from "../../../data/package/sections/chain-hooks.js";

/** Verdicts (u32) after which the next member runs; undefined where the kernel decides. */
export type Proceed = ReadonlySet<number> | undefined;

/** libxdp: XDP_DEFAULT_CHAIN_CALL_ACTIONS. Tail calls: what the last member returns. */
const defaults: Readonly<Record<string, readonly string[]>> = {
	xdp: ["XDP_PASS"],
	sched_cls: ["TC_ACT_UNSPEC", "TC_ACT_OK"],
};

/** `proceed_on` as numbers. @throws InputError for a verdict that does not exist for the type */
export function proceedOn(
	{ file, pointer }: ReferencePlace,
	mechanism: ChainMechanism,
	programType: string,
	names: readonly string[] | undefined,
): Proceed {
	if (!mechanismFacts[mechanism].proceeds) return undefined;
	const numbers = (names ?? defaults[programType] ?? []).map((name, index) => {
		const number = retvalNumber(programType, name);
		if (number !== undefined) return number;
		throw new InputError(
			file,
			`${pointer}/${index}`,
			`${name} is not a verdict of ${programType}; expected one of ${retvalNames(programType).join(", ")}`,
		);
	});
	return new Set(numbers);
}

/** A verdict in the words of the hook: -1 is TCX_NEXT for tcx, TC_ACT_UNSPEC for tc. */
export function verdictName(mechanism: ChainMechanism, programType: string, verdict: number): string {
	const prefix = { tcx: "TCX_", netkit: "NETKIT_" }[mechanism as string];
	const own = retvalNames(programType).find(
		(name) =>
			prefix !== undefined && name.startsWith(prefix) && retvalNumber(programType, name) === verdict >>> 0,
	);
	return own ?? retvalName(programType, verdict >>> 0);
}
