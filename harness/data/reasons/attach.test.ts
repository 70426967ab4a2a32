// SPDX-License-Identifier: Apache-2.0
import { describe, expect, it } from "vitest";
import { EBUSY, EINVAL, ENODEV, EOPNOTSUPP, EPERM } from "../../base/errno.js";
import { explainAttach } from "./attach.js";
import type { AttachFacts } from "./facts.js";

const refused = (facts: Partial<AttachFacts>): AttachFacts => ({
	kernel: { id: "6.12", release: "6.12.117" },
	program: { name: "filter", section: "tcx/ingress", type: "sched_cls" },
	hook: "tcx_ingress",
	target: "veth0",
	errno: EINVAL,
	libbpfLog: "",
	...facts,
});

describe("explainAttach", () => {
	it.each([
		[EBUSY, "attach-busy"],
		[ENODEV, "attach-device-missing"],
		[EOPNOTSUPP, "attach-unsupported"],
		[EPERM, "permission"],
		[EINVAL, "attach-refused"],
	])("errno %i alone is %s", (errno, code) => {
		const { reason } = explainAttach(refused({ errno }));
		expect(reason.code).toBe(code);
		expect(reason.message).toMatch(/^program filter could not be attached to tcx_ingress veth0: /);
	});

	it.each([
		["bpf_map_elem", 22, "attach-device-missing", "iterates over hash and array maps"],
		["sockmap", 22, "attach-device-missing", "iterates over sockmap and sockhash"],
		["bpf_map_elem", 13, "attach-refused", "reads more of a key or value than the map has"],
		["task_file", 95, "attach-unsupported", "this kernel iterates over all tasks"],
		["bpf_link", 22, "attach-refused", "the kernel found the request invalid"],
	])("says what iter/%s refused with errno %i lacks", (kind, errno, code, words) => {
		const program = { name: "filter", section: `iter/${kind}`, type: "tracing" };
		const { reason } = explainAttach(refused({ program, hook: "iterator", errno, target: "map m" }));
		expect(reason).toMatchObject({ code, message: expect.stringContaining(words) });
		expect(reason.message).toContain(`attached to iter/${kind} map m: `);
	});

	it("names a function that is closed to kprobes", () => {
		const { reason } = explainAttach(
			refused({
				program: { name: "filter", section: "kprobe/blk_account_io_start", type: "kprobe" },
				hook: "auto",
				libbpfLog:
					"libbpf: prog 'filter': failed to create kprobe 'blk_account_io_start+0x0' perf event: -EINVAL",
			}),
		);
		expect(reason.code).toBe("attach-untraceable");
		expect(reason.message).toContain("blk_account_io_start is not traced");
	});

	it("says that the hook is missing where the kernel was asked", () => {
		const features = (question: string) =>
			question === "attach_type:tcx_ingress" ? "unsupported" : undefined;
		expect(explainAttach(refused({ features })).reason.code).toBe("attach-unsupported");
		const { reason } = explainAttach(
			refused({ features: () => "disabled", configOf: () => "CONFIG_NET_XGRESS" }),
		);
		expect(reason.code).toBe("config-disabled");
		expect(reason.message).toContain("CONFIG_NET_XGRESS");
	});

	it("asks the kernel for the attach type of a sockmap's program", () => {
		const program = { name: "p", section: "sk_skb/verdict", type: "sk_skb", attach_type: "sk_skb_verdict" };
		const code = (state: "unsupported" | "present") =>
			explainAttach(
				refused({
					program,
					hook: "sockmap",
					features: (question) => (question === "attach_type:sk_skb_verdict" ? state : undefined),
				}),
			).reason.code;
		expect(code("unsupported")).toBe("attach-unsupported");
		expect(code("present")).toBe("attach-refused");
	});

	it("names the section where libbpf chose the hook", () => {
		const { reason } = explainAttach(refused({ hook: "auto", target: undefined }));
		expect(reason.message).toContain("attached to tcx/ingress: ");
	});
});
