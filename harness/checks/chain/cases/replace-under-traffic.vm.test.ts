// SPDX-License-Identifier: Apache-2.0
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { ChainEntry } from "../chain-entry.js";
import { mechanisms } from "../mechanisms/mechanisms.js";
import { chainsOf, declaredChain } from "../model/declared-chain.js";
import { chainBench, chainPackage, failures } from "../testchainbench.js";
import { replaceUnderTraffic } from "./replace-under-traffic.js";

/** Members that do not let every packet pass: what is replaced must be met by the packets sent. */
describe.each([
	{ id: "5.10", mechanism: "tc" },
	{ id: "7.3", mechanism: "tcx" },
] as const)("replace-under-traffic by $mechanism on $id", ({ id, mechanism }) => {
	let bench: Awaited<ReturnType<typeof chainBench>>;
	beforeAll(async () => {
		bench = await chainBench(id);
	});
	afterAll(() => bench.dispose());

	const packageOf = (...programs: string[]) => {
		const members = programs.map((program, place) =>
			mechanism === "tc" ? { program, priority: place + 1 } : { program },
		);
		return chainPackage("members.bpf.c", [{ name: "edge", hook: "tc_ingress", mechanism, members }]);
	};

	/** The case alone, where a replacement of this member does nothing. */
	async function sabotaged(label: string, ...programs: string[]) {
		const pkg = await packageOf(...programs);
		const chain = declaredChain(chainsOf([pkg])[0]!, [pkg], new Set([mechanism]));
		const attachPoint = await mechanisms.get(mechanism)!.open(chain, bench.guest);
		const members = chain.members.map((member): ChainEntry => ({ member, program: "first" }));
		const attach = async (...args: Parameters<typeof attachPoint.attach>) => {
			const attached = await attachPoint.attach(...args);
			const real = attached.replacement.bind(attached);
			attached.replacement = (entry, by) =>
				entry.member.label === label ? [{ op: "ping", args: {} }] : real(entry, by);
			return attached;
		};
		const subject = { chain, mechanism: mechanisms.get(mechanism)!, members };
		const found = [];
		for await (const finding of replaceUnderTraffic({ ...subject, attachPoint: { ...attachPoint, attach } }))
			found.push(finding);
		await attachPoint.close();
		return found[0];
	}

	it("sends a packet that reaches the member, where the first member drops others", async () => {
		const findings = await bench.check(await packageOf("no_udp", "account", "mark"));
		expect(failures(findings)).toEqual([]);
		const { evidence } = findings.get("edge/replace-under-traffic")!;
		expect(evidence).toMatchObject({ replaced: "account", packet: "a TCP SYN over IPv4", half: 0 });
		expect(evidence.reached).toBe(evidence.packets);
		expect(await sabotaged("account", "no_udp", "account", "mark")).toMatchObject({
			outcome: "fail",
			reason: { code: "chain-window", message: expect.stringContaining("no packet met the replacement") },
		});
	});

	it("replaces an earlier member, where that one lets too few packets pass", async () => {
		const findings = await bench.check(await packageOf("few", "account", "mark"));
		expect(failures(findings)).toEqual([]);
		const { evidence } = findings.get("edge/replace-under-traffic")!;
		expect(evidence).toMatchObject({ replaced: "few", half: 0 });
		expect(await sabotaged("few", "few", "account", "mark")).toMatchObject({
			outcome: "fail",
			reason: { code: "chain-window", message: expect.stringContaining("no packet met the replacement") },
		});
	});

	it("fails once, at executed, where no packet gets past the first member", async () => {
		const findings = await bench.check(await packageOf("deaf", "account", "mark"));
		expect(failures(findings)).toEqual([expect.stringMatching(/^edge\/executed: account: .* never ran/)]);
		const { evidence } = findings.get("edge/replace-under-traffic")!;
		expect(evidence).toMatchObject({ replaced: "deaf", half: 0 });
	});
});
