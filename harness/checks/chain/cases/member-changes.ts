// SPDX-License-Identifier: Apache-2.0
import type { Finding, FindingBody } from "../../../lab/check.js";
import { type ChainUnderTest, observe, oneCase, orderFinding, withAttached } from "../chain-case.js";
import { type ChainEntry, label } from "../chain-entry.js";
import { ending } from "../execution.js";
import type { AttachedChain } from "../mechanism.js";

/** Each member inserted last, at its position: first, in the middle and last. */
export async function* insertions(subject: ChainUnderTest): AsyncIterable<Finding> {
	const { chain, attachPoint, members } = subject;
	for (const entry of members) {
		const others = members.filter((other) => other !== entry);
		yield await oneCase(chain, `insert/${label(entry)}`, () =>
			withAttached(attachPoint, others, async (attached) => {
				await attached.insert(entry);
				const when = `after ${label(entry)} was inserted`;
				return orderFinding(subject, when, await observe(subject, attached, members));
			}),
		);
	}
}

/** Each member removed, and those before and after it joined. */
export async function* removals(subject: ChainUnderTest): AsyncIterable<Finding> {
	const { chain, attachPoint, members } = subject;
	for (const entry of members) {
		const others = members.filter((other) => other !== entry);
		yield await oneCase(chain, `remove/${label(entry)}`, () =>
			withAttached(attachPoint, members, async (attached) => {
				await attached.remove(entry);
				const when = `after ${label(entry)} was removed`;
				return orderFinding(subject, when, await observe(subject, attached, others));
			}),
		);
	}
}

/** Each member detached, while the others are left as they are. */
export async function* detachments(subject: ChainUnderTest): AsyncIterable<Finding> {
	const { chain, mechanism, attachPoint, members } = subject;
	for (const entry of members) {
		const others = members.filter((other) => other !== entry);
		const left = mechanism.remaining?.(members, entry) ?? others;
		yield await oneCase(chain, `without-member/${label(entry)}`, () =>
			withAttached(attachPoint, members, async (attached) => {
				await attached.detach(entry);
				const when = `while ${label(entry)} is detached`;
				return orderFinding(subject, when, await observe(subject, attached, left));
			}),
		);
	}
}

/** Each member replaced by a second load of the same program, and put back. */
export async function* replacements(subject: ChainUnderTest): AsyncIterable<Finding> {
	const { chain, attachPoint, members } = subject;
	for (const entry of members) {
		yield await oneCase(chain, `replace/${label(entry)}`, () =>
			withAttached(attachPoint, members, (attached) => replaced(subject, attached, entry)),
		);
	}
}

async function replaced(
	subject: ChainUnderTest,
	attached: AttachedChain,
	entry: ChainEntry,
): Promise<FindingBody> {
	const { members } = subject;
	const second: ChainEntry = { ...entry, program: "second" };
	await attached.replace(entry, second);
	const swapped = members.map((other) => (other === entry ? second : other));
	const listed = await attached.configured();
	const there = listed.some((each) => typeof each !== "number" && each.program === "second");
	const seen = await observe(subject, attached, swapped);
	if (!there) seen.differences.push(`the kernel still lists the old program of ${label(entry)}`);
	const first = orderFinding(subject, `after ${label(entry)} was replaced`, seen);
	if (first.outcome === "fail") return first;
	await attached.replace(second, entry);
	const again = await observe(subject, attached, members);
	const back = orderFinding(subject, `after ${label(entry)} was put back`, again);
	return first.outcome === "pass" || back.outcome === "fail" ? back : first;
}

/** Each member ends the chain in turn: those after it do not run, except in cgroups. */
export async function* earlyEnds(subject: ChainUnderTest): AsyncIterable<Finding> {
	const { chain, attachPoint, members } = subject;
	for (const entry of members) {
		const verdict = ending(chain, entry);
		if (verdict === undefined) continue;
		const stop: ChainEntry = { ...entry, program: { verdict } };
		const entries = members.map((other) => (other === entry ? stop : other));
		const when = `with a program that ends the chain in the position of ${label(entry)}`;
		yield await oneCase(chain, `end-at-member/${label(entry)}`, () =>
			withAttached(attachPoint, entries, async (attached) =>
				orderFinding(subject, when, await observe(subject, attached, entries)),
			),
		);
	}
}
