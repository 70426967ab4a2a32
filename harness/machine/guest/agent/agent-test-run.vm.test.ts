// SPDX-License-Identifier: Apache-2.0
import { describe, expect, it } from "vitest";
import { arp, frame, guestWithMaps, u32 } from "./testmaps.js";

const XDP_PASS = 2;
const ENOSPC = 28;

describe.each(["5.10", "6.12", "7.3"])("test runs on %s", (id) => {
	const maps = guestWithMaps(id);

	it("runs a program on packets and returns the result of each run", async () => {
		const object = await maps.example("xdp-filter/xdp-filter.bpf.o");
		const data_in = arp(64);
		const { runs, differs } = await maps.call("test_run", {
			object,
			program: "xdp_filter",
			runs: [
				{ data_in },
				{ data_in, data_out_max: 10 },
				{ data_in, data_out_max: 0 },
				{ data_in, repeat: 100 },
			],
		});
		expect(differs).toEqual([]);
		expect(runs.map((run) => [run.errno, run.retval, run.data_size, run.data_out.length])).toEqual([
			[0, XDP_PASS, 64, 64],
			[ENOSPC, XDP_PASS, 64, 10],
			[0, XDP_PASS, 64, 0],
			[0, XDP_PASS, 64, 64],
		]);
		expect(runs[0]!.data_out).toEqual(data_in);
		await maps.call("object_close", { object });
	});

	it("returns the kernel's errno for runs that it refuses", async () => {
		const object = await maps.example("xdp-filter/xdp-filter.bpf.o");
		const runs = [{ data_in: arp(1 << 17) }, { data_in: arp(64), flags: 0x80 }];
		const answer = await maps.call("test_run", { object, program: "xdp_filter", runs });
		expect(answer.runs.map((run) => [run.errno > 0, run.data_out.length, run.retval])).toEqual([
			[true, 0, 0],
			// Linux 5.10 looks at no flags of XDP runs.
			id === "5.10" ? [false, 64, XDP_PASS] : [true, 0, 0],
		]);
		const refused = { object, program: "nope", runs: [] };
		await expect(maps.call("test_run", refused)).rejects.toMatchObject({ errnoName: "ENOENT" });
		await maps.call("object_close", { object });
		await expect(maps.call("test_run", refused)).rejects.toMatchObject({ errnoName: "EBADF" });
	});

	it("returns the context where the kernel does", async () => {
		const object = await maps.example("tc-marker/tc-marker.bpf.o");
		const { programs } = await maps.call("object_open", { path: "/run/object.o" });
		const mark = 8; // struct __sk_buff
		const ctx_in = new Uint8Array(180);
		ctx_in[mark] = 7;
		const { runs } = await maps.call("test_run", {
			object,
			program: programs[0]!.name,
			runs: [{ data_in: frame(64), ctx_in }],
		});
		expect(runs[0]!.errno).toBe(0);
		expect(runs[0]!.ctx_out[mark]).toBe(7);
		expect(runs[0]!.ctx_out.length).toBeGreaterThanOrEqual(180);
		await maps.call("object_close", { object });
	});

	it("runs sk_lookup programs with a context and no packet", async () => {
		const object = await maps.example("sk-lookup-dispatcher/sk-lookup-dispatcher.bpf.o");
		const { programs } = await maps.call("object_open", { path: "/run/object.o" });
		expect(await maps.call("object_snapshot", { object })).toMatchObject({
			maps: [{ how: "restored" }, { name: "listeners", how: "restored" }],
		});
		const ctx_in = new Uint8Array(72); // struct bpf_sk_lookup
		const context = new DataView(ctx_in.buffer);
		context.setUint32(8, 2, true); // AF_INET
		context.setUint32(12, 6, true); // IPPROTO_TCP
		context.setUint32(60, 8080, true); // local_port
		const runs = [{ ctx_in }];
		const answer = await maps.call("test_run", { object, program: programs[0]!.name, runs, reset: true });
		const [run] = answer.runs;
		expect(answer.differs).toEqual([]);
		expect(run).toMatchObject({ errno: 0, retval: 1, data_out: new Uint8Array() });
		// Linux 5.10 has no ingress_ifindex at its end.
		expect(run!.ctx_out.subarray(8, 64)).toEqual(ctx_in.subarray(8, 64));
		await maps.call("object_close", { object });
	});

	it("returns what a syscall program wrote into its context", async () => {
		const programs = [{ name: "add", autoload: true }];
		if (id === "5.10") {
			await maps.call("file_write", { path: "/run/object.o", data: await maps.everyMap });
			const opened = await maps.call("object_open", { path: "/run/object.o", programs });
			const refused = { object: opened.object, log_level: 0, log_bytes: 0 };
			expect(await maps.call("object_load", refused)).toMatchObject({ errno: 22 });
			await maps.call("object_close", { object: opened.object });
			return;
		}
		const object = await maps.load(await maps.everyMap, { programs });
		const runs = [{ ctx_in: u32(2, 3, 0) }, { ctx_in: u32(4, 5, 0), ctx_out_max: 0 }];
		const answer = await maps.call("test_run", { object, program: "add", runs });
		expect(answer.runs.map((run) => [run.errno, run.ctx_out])).toEqual([
			[0, u32(2, 3, 5)],
			[0, new Uint8Array()],
		]);
		await maps.call("object_close", { object });
	});

	it("returns ENOTSUPP for a program type without test run", async () => {
		const object = await maps.example("cgroup-connect-guard/connect-guard.bpf.o");
		const { programs } = await maps.call("object_open", { path: "/run/object.o" });
		const runs = [{ data_in: arp(64) }];
		const answer = await maps.call("test_run", { object, program: programs[0]!.name, runs });
		expect(answer.runs).toMatchObject([{ errno: 524, retval: 0, data_out: new Uint8Array() }]);
		await maps.call("object_close", { object });
	});
});
