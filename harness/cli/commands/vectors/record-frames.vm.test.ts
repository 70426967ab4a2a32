// SPDX-License-Identifier: Apache-2.0
import { fileURLToPath } from "node:url";
import { expect, it } from "vitest";
import { openPackage } from "../../../data/package/package.js";
import { accepted, proposeOn, withFile } from "./testpropose.js";

const programs = fileURLToPath(new URL("../../../../programs/", import.meta.url));

it("frames are recorded in groups, by what they do", async () => {
	const yaml = `program: xdp_filter
maps_before:
  blocked_ports: [ { key: { number: 23, protocol: 6 }, value: 1 } ]
vectors:
  - name: telnet
    packet: { pcap: telnet.pcapng, frames: 1-3 }
  - name: connection
    sequence:
      - packet: { pcap: telnet.pcapng, frames: "2" }
      - packet: { pcap: telnet.pcapng, frames: 1-2 }
`;
	const pkg = withFile(await openPackage(`${programs}xdp-filter`), () => yaml);
	const proposal = await proposeOn("6.12", pkg);
	expect(proposal).toMatchObject({ left: [], unstable: [], unproven: [] });
	const each = (margin: string, selection: string, retval: string, counter: string, bytes: number) =>
		`${margin}${selection}:
${margin}  retval: ${retval}
${margin}  packet: unchanged
${margin}  maps_after:
${margin}    counters: { ${counter}: { packets: "+1", bytes: "+${bytes}" } }
`;
	const [vector, step] = [" ".repeat(6), " ".repeat(10)];
	expect(proposal.files[0]?.after).toBe(
		yaml
			.replace(
				"frames: 1-3 }\n",
				`frames: 1-3 }\n    each:\n${each(vector, "1", "XDP_DROP", "COUNT_BLOCKED_PORT", 58)}${each(vector, "2", "XDP_PASS", "COUNT_DEFAULT", 58)}${each(vector, "3", "XDP_DROP", "COUNT_BLOCKED_PORT", 54)}`,
			)
			.replace(
				'frames: "2" }\n',
				`frames: "2" }\n${each("        ", "expect", "XDP_PASS", "COUNT_DEFAULT", 58)}`,
			)
			.replace(
				"frames: 1-2 }\n",
				`frames: 1-2 }\n        each:\n${each(step, "1", "XDP_DROP", "COUNT_BLOCKED_PORT", 58)}${each(step, "2", "XDP_PASS", "COUNT_DEFAULT", 58)}`,
			),
	);
	const wrong = withFile(accepted(pkg, proposal), (recorded) =>
		recorded.replace("      2:\n        retval: XDP_PASS", "      2:\n        retval: XDP_DROP"),
	);
	const fixed = await proposeOn("6.12", wrong, { update: true });
	expect(fixed.files[0]?.after).toBe(proposal.files[0]?.after);
});
