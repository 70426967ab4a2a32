// SPDX-License-Identifier: Apache-2.0
import { describe, expect, it } from "vitest";
import { agentPath } from "../guest/build.js";
import { openKernel } from "../kernel/store.js";
import { Machines } from "../vm/machine.js";
import { KernelFeatures } from "./source.js";

const machines = new Machines({ agent: agentPath });
let asked = 0;
const source = new KernelFeatures({
	agent: agentPath,
	guest: (kernel) => {
		asked++;
		return machines.boot(kernel);
	},
});

describe("an old kernel", () => {
	it("has its features, and lacks later ones", async () => {
		const kernel = await openKernel("5.10");
		const features = await source.features(kernel);
		expect(features.kernel.release).toMatch(/^5\.10\./);
		expect(features.map_types).toMatchObject({ ringbuf: "yes", struct_ops: "yes", bloom_filter: "no" });
		expect(features.program_types).toMatchObject({ xdp: "yes", lsm: "yes", syscall: "no", netfilter: "no" });
		expect(features.link_types).toMatchObject({ xdp: "yes", tcx: "no" });
		expect(features.attach_types).toMatchObject({ tcx_ingress: "no", lsm_mac: "yes" });
		expect(features.token).toEqual({ create: false, mount_options: [] });
		expect(features.signature).toEqual({
			attributes: false,
			covers: "nothing",
			verdict_recorded: false,
			exclusive_maps: false,
		});
		expect(features.helpers.by_program_type.xdp).toContain("bpf_redirect_map");
		expect(features.helpers.by_program_type.xdp).not.toContain("bpf_xdp_load_bytes");
		expect(features.helpers.by_program_type.tracing).toContain("bpf_probe_read_kernel");
		expect(await source.lack(kernel, "map_type:ringbuf")).toBeUndefined();
		expect(await source.lack(kernel, "helper:xdp/bpf_xdp_load_bytes")).toMatchObject({
			state: "unsupported",
		});
		expect(await source.lack(kernel, "config:BPF_LSM")).toBeUndefined();
		expect(await source.lack(kernel, "lsm:bpf")).toBeUndefined();
		expect(await source.lack(kernel, "link_type:tcx")).toMatchObject({ state: "unsupported" });
		expect(await source.lack(kernel, "program_type:lirc_mode2")).toMatchObject({ state: "disabled" });
	});
});

describe("a new kernel", () => {
	it("has tokens, tcx and signatures that cover maps", async () => {
		const kernel = await openKernel("7.3");
		const features = await source.features(kernel);
		expect(features.map_types).toMatchObject({
			ringbuf: "yes",
			arena: "yes",
			rhash: "yes",
			struct_ops: "yes",
		});
		expect(features.link_types).toMatchObject({ tcx: "yes", netkit: "yes" });
		expect(features.token.create).toBe(true);
		expect(features.token.mount_options).toContain("delegate_progs");
		expect(features.signature).toEqual({
			attributes: true,
			covers: "instructions-and-maps",
			verdict_recorded: true,
			exclusive_maps: true,
		});
		expect(features.kfuncs.told).toBe(true);
		expect(features.kfuncs.names).toEqual(expect.arrayContaining(["bpf_task_acquire", "bpf_skb_ct_lookup"]));
		expect(features.helpers.by_program_type.xdp).not.toContain("bpf_skb_load_bytes");
		expect(await source.lack(kernel, "kfunc:bpf_skb_ct_lookup")).toBeUndefined();
		expect(await source.lack(kernel, "btf:veth")).toBeUndefined();
	});

	it("is asked once", async () => {
		const before = asked;
		const again = new KernelFeatures({
			agent: agentPath,
			guest: () => Promise.reject(new Error("asked again")),
		});
		const kernel = await openKernel("7.3");
		expect(await again.features(kernel)).toEqual(await source.features(kernel));
		expect(asked).toBe(before);
	});
});
