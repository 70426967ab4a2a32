// SPDX-License-Identifier: Apache-2.0
import { expect, it } from "vitest";
import { incusKeys, lxdOptions } from "../../../checks/token/model/container-options.js";
import { delegationOf, settingsOf } from "../../../checks/token/model/delegation.js";
import { printMountOptions } from "../../../checks/token/model/mount-options.js";
import { printDropIn } from "../../../checks/token/model/systemd-drop-in.js";
import { sampleFiles, sampleManifest, temporaryFolder } from "../../../data/package/testpackage.js";
import { delegationArgument } from "./delegation-argument.js";

const settings = async (...texts: string[]) => settingsOf(await delegationArgument(texts));

it("takes every way in which delegations are written, all together", async () => {
	const token = { programs: ["kprobe"], capabilities: ["cap_bpf"] };
	await using folder = await temporaryFolder({
		...sampleFiles({ ...sampleManifest, token }),
		"token.conf": "[Service]\nBPFDelegateMaps=BPFMapTypeRingbuf\n",
	});
	expect(
		await settings(
			"delegate_cmds=prog_load",
			"security.bpffs.delegate_progs=xdp",
			"security.delegate_bpf.attach_types=xdp:trace_fentry",
			"CAP_PERFMON,cap_net_admin",
			`${folder.path}/token.conf`,
			folder.path,
		),
	).toEqual({
		commands: ["prog_load"],
		maps: ["ringbuf"],
		programs: ["kprobe", "xdp"],
		attachments: ["trace_fentry", "xdp"],
		capabilities: ["cap_net_admin", "cap_perfmon", "cap_bpf"],
	});
});

it("takes what infer prints, in each of the ways", async () => {
	const token = {
		commands: ["map_create", "prog_load"],
		maps: ["any"],
		programs: ["xdp"],
		attachments: ["xdp"],
	};
	const delegation = delegationOf(token);
	await using folder = await temporaryFolder({ "token.conf": printDropIn(delegation).text });
	for (const texts of [
		[printMountOptions(delegation)],
		[`${folder.path}/token.conf`],
		incusKeys(delegation),
		lxdOptions(delegation),
	])
		expect(await settings(...texts)).toEqual({ ...token, capabilities: ["any"] });
});

it("without a capability the user holds all of them", async () => {
	expect(await settings("delegate_progs=xdp")).toEqual({ programs: ["xdp"], capabilities: ["any"] });
});

it("refuses what is no delegation", async () => {
	await expect(settings("xdp")).rejects.toThrow(/is no delegation: give options of bpffs/);
	await expect(settings("delegate_progs=xpd")).rejects.toThrow(/"xpd" is no type of program/);
	await expect(settings("cap_bfp")).rejects.toThrow(/"cap_bfp" is no capability/);
	await using folder = await temporaryFolder(sampleFiles());
	await expect(settings(folder.path)).rejects.toThrow(/\/token: is missing: the package declares no token/);
});
