// SPDX-License-Identifier: Apache-2.0
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { chainBench } from "../harness/checks/chain/testbench.js";
import { openPackage } from "../harness/data/package/package.js";
import { readChainFile } from "../harness/data/package/sections/chain-file.js";
import { contextOf } from "../harness/lab/testbench.js";
const programs = fileURLToPath(new URL(".", import.meta.url));
const open = (name) => openPackage(`${programs}${name}`);
/** What is said of chains that are not what they promise: member, place expected, place found. */
const twins = [
    {
        name: "bad-chain-tcx-early-end",
        said: [
            undefined,
            'the packet "web" did not meet ingress as it is declared: mark should run at place 3 and never ran: the last that the packet met was police_and_accept (TCX_PASS); police_and_accept should return TCX_NEXT and returned TCX_PASS',
        ],
    },
    {
        name: "bad-chain-netkit-never-runs",
        said: [
            undefined,
            'the packet "web" did not meet egress as it is declared: account should run at place 3 and never ran: the last that the packet met was police_for_tc (TC_ACT_PIPE); police_for_tc should return NETKIT_NEXT and returned TC_ACT_PIPE',
        ],
    },
    {
        name: "bad-chain-tc-swapped-priorities",
        said: [
            "ingress is not in the order that the manifest promises: limit_bulk should stand at place 2 and stands at place 1; classify should stand at place 1 and stands at place 2",
            "a UDP packet over IPv4 did not meet ingress as it is declared: limit_bulk should run at place 2 and ran at place 1; classify should run at place 1 and ran at place 2",
        ],
    },
    {
        name: "bad-chain-cgroup-swapped-levels",
        said: [
            "connect is not in the order that the manifest promises: node_translate should stand at place 3 and stands at place 1; task_policy should stand at place 1 and stands at place 3",
            "connect(2) of a TCP socket to 127.0.0.1 did not meet connect as it is declared: node_translate should run at place 3 and ran at place 1; task_policy should run at place 1 and ran at place 3",
        ],
    },
    {
        name: "bad-chain-l3af-wrong-slot",
        said: [
            undefined,
            'the packet "web" did not meet ingress as it is declared: flood_guard should run at place 2 and never ran: the last that the packet met was flags_guard_off_by_one; account should run at place 3 and never ran: the last that the packet met was flags_guard_off_by_one',
        ],
    },
    {
        name: "bad-chain-dispatcher-swapped-priorities",
        said: [
            "ingress is not in the order that the manifest promises: check_ttl should stand at place 2 and stands at place 1; check_header should stand at place 1 and stands at place 2",
            "a UDP packet over IPv4 did not meet ingress as it is declared: check_ttl should run at place 2 and ran at place 1; check_header should run at place 1 and ran at place 2",
        ],
    },
];
describe.each([
    { id: "5.10", younger: ["bad-chain-tcx-early-end", "bad-chain-netkit-never-runs"] },
    { id: "7.3", younger: [] },
])("the example chains on $id", ({ id, younger }) => {
    let bench;
    beforeAll(async () => {
        bench = await chainBench(id);
    });
    afterAll(() => bench.dispose());
    it.each(twins)("$name is seen through", async ({ name, said }) => {
        const findings = await bench.orders(await open(name));
        const outcomes = findings.map(({ outcome }) => outcome);
        if (younger.includes(name)) {
            expect(outcomes).toEqual(["skip", "skip"]);
            return;
        }
        expect(findings.map(({ reason }) => reason?.message)).toEqual(said);
        expect(outcomes).toEqual(said.map((message) => (message === undefined ? "pass" : "fail")));
    });
    it("a chain file makes one chain of three packages", async () => {
        const packages = [];
        for (const name of ["tcx-accounting", "chain-tcx", "tc-marker"])
            packages.push(await open(name));
        const chains = await readChainFile(`${programs}pod-ingress.chain.json`);
        const [configured, executed] = await bench.orders(packages[0], contextOf(packages, { chains }));
        const verdict = younger.length > 0 ? "TC_ACT_UNSPEC" : "TCX_NEXT";
        const met = ["account_ingress", "police", "mark_ingress"].map((member) => `${member} (${verdict})`);
        expect(configured?.outcome).toBe("pass");
        expect(executed).toMatchObject({ outcome: "pass", evidence: { executed: met } });
    });
});
