// SPDX-License-Identifier: Apache-2.0
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { declaredFinding } from "../harness/checks/token/declared-token.js";
import {
	type Delegation,
	delegationOf,
	grantName,
	grantsOf,
	settingsOf,
	without,
} from "../harness/checks/token/model/delegation.js";
import { printMountOptions } from "../harness/checks/token/model/mount-options.js";
import { printDropIn } from "../harness/checks/token/model/systemd-drop-in.js";
import { verifiedBySystemd } from "../harness/checks/token/model/testsystemd.js";
import { PackageTrials } from "../harness/checks/token/package-trials.js";
import { inferToken } from "../harness/checks/token/token-inference.js";
import { withoutFinding } from "../harness/checks/token/without-grant.js";
import { openPackage, type Package } from "../harness/data/package/package.js";
import type { TokenSettings } from "../harness/data/package/sections/token.js";
import type { FindingBody } from "../harness/lab/check.js";
import { testbench } from "../harness/lab/subject/session/testsession.js";
import { type GuestClient, GuestError } from "../harness/machine/guest/client.js";
import type { Args } from "../harness/machine/guest/operations.js";
import { mountToken } from "../harness/machine/guest/token-mount.js";

const open = (name: string) => openPackage(`programs/${name}`);

/** The package with another delegation declared. */
async function twin(name: string, change: (token: TokenSettings) => TokenSettings): Promise<Package> {
	const pkg = await open(name);
	pkg.manifest.token = change(pkg.manifest.token ?? {});
	return pkg;
}

describe("twins of the examples on 7.3", () => {
	let bench: Awaited<ReturnType<typeof testbench>>;
	beforeAll(async () => {
		bench = await testbench("7.3");
	});
	afterAll(() => bench[Symbol.asyncDispose]());
	const withTrials = async (pkg: Package, run: (trials: PackageTrials) => Promise<FindingBody>) => {
		const trials = await PackageTrials.open(pkg, bench.workbench);
		try {
			const { outcome, reason } = await run(trials);
			return `${outcome}: ${reason?.code}: ${reason?.message}`;
		} finally {
			await trials.close();
		}
	};

	it.each([
		["token-kprobe", "programs", "kprobe", /program count_exit.*missing: program\/kprobe$/],
		["token-tc", "capabilities", "cap_net_admin", /program keep_near.*missing: capability\/cap_net_admin$/],
	] as const)("%s that does not ask for %s/%s declares too little", async (name, kind, left, message) => {
		const narrow = await twin(name, (token) => ({
			...token,
			[kind]: token[kind]?.filter((each) => each !== left),
		}));
		const said = await withTrials(narrow, declaredFinding);
		expect(said).toMatch(/^fail: too-narrow: /);
		expect(said).toMatch(message);
	});

	it.each([
		["token-xdp", "maps", "devmap"],
		["token-cgroup", "programs", "lsm"],
	] as const)("%s that asks for %s/%s besides declares too much", async (name, kind, more) => {
		const wide = await twin(name, (token) => ({ ...token, [kind]: [...(token[kind] ?? []), more] }));
		const grant = { kind, name: more };
		expect(await withTrials(wide, (trials) => withoutFinding(trials, grant))).toBe(
			`fail: too-wide: ${grantName(grant)} is declared, but the package works without it`,
		);
	});
});

/** Where each program goes that is not attached where its section says. */
const places: Readonly<Record<string, Partial<Args<"attach">>>> = {
	drop_reflected: { hook: "xdp", ifindex: 1, mode: "generic" },
	drop_reflected_frags: { hook: "xdp", ifindex: 1, mode: "generic" },
};

describe.each([
	{ id: "6.12", name: "token-kprobe" },
	{ id: "7.3", name: "token-xdp" },
])("what is inferred for $name on $id", ({ id, name }) => {
	let pkg: Package;
	let smallest: Delegation;
	beforeAll(async () => {
		pkg = await open(name);
		await using bench = await testbench(id);
		const { token: _, ...manifest } = pkg.manifest;
		smallest = (await inferToken({ ...pkg, manifest }, bench.workbench)).smallest!;
	});

	it("is what its manifest declares, and a drop-in of it is one that systemd knows", async () => {
		expect(settingsOf(smallest)).toEqual(settingsOf(delegationOf(pkg.manifest.token)));
		const { text } = printDropIn(smallest);
		expect(text).toMatch(/^BPFDelegatePrograms=/m);
		expect((await verifiedBySystemd(text)).complaints).toEqual([]);
	});

	it("works when it is applied by hand in a fresh guest, and does not without any one part", async () => {
		await using fresh = await testbench(id);
		const { client } = await fresh.workbench.guest();
		expect(await byHand(client, pkg, smallest)).toEqual([]);
		for (const grant of grantsOf(smallest))
			expect(await byHand(client, pkg, without(smallest, grant)), grantName(grant)).not.toEqual([]);
	});
});

/**
 * What an administrator and a user do without bpfgate: a bpffs with the options as they are printed
 * on /sys/fs/bpf of the user's mount namespace, a user with those capabilities, and libbpf, which
 * looks there by itself.
 *
 * @returns what was refused
 */
async function byHand(client: GuestClient, pkg: Package, delegation: Delegation): Promise<string[]> {
	const options = Object.fromEntries(
		printMountOptions(delegation)
			.split(",")
			.map((option) => option.split("=") as [string, string]),
	);
	const who = { uid: 1000, gid: 1000 };
	const { user: owner } = await client.call("user_start", { ...who, unshare: ["user", "mnt", "net"] });
	try {
		await mountToken(client, { user: owner, options, path: "/sys/fs/bpf" });
		const capabilities = delegation.capabilities.map((name) => name.toUpperCase());
		const { user } = await client.call("user_start", { ...who, join: owner, capabilities });
		try {
			return await loadAndAttach(client, client.as(user), pkg);
		} finally {
			await client.call("close", { handle: user });
		}
	} finally {
		await client.call("close", { handle: owner });
	}
}

/**
 * Those too that libbpf leaves out unless it is told to load them, since the package has vectors of
 * them.
 */
async function loadAndAttach(client: GuestClient, as: GuestClient, { objects }: Package): Promise<string[]> {
	const refused: string[] = [];
	for (const { file, bytes, programs } of objects) {
		const path = `/run/${file}`;
		await client.call("file_write", { path, data: bytes });
		const loading = programs.map(({ name }) => ({ name, autoload: true }));
		const { object } = await as.call("object_open", { path, programs: loading });
		const loaded = await as.call("object_load", { object, log_level: 0, log_bytes: 4096 });
		if (loaded.errno !== 0) refused.push(`${file}: ${loaded.log}`);
		else
			for (const { name: program } of programs)
				try {
					const { link } = await as.call("attach", { object, program, hook: "auto", ...places[program] });
					await as.call("detach", { link });
				} catch (error) {
					if (!(error instanceof GuestError)) throw error;
					refused.push(`${program}: ${error.what}: ${error.errnoName}`);
				}
		await as.call("object_close", { object });
	}
	return refused;
}
