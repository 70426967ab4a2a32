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

	it("names what an iterator over one map lacks", () => {
		const program = { name: "filter", section: "iter/bpf_map_elem", type: "tracing" };
		const { reason } = explainAttach(refused({ program, hook: "auto", errno: 9 }));
		expect(reason).toMatchObject({ code: "attach-device-missing", hint: expect.stringContaining('"none"') });
		expect(reason.message).toContain("iterates over one map");
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
