// SPDX-License-Identifier: Apache-2.0
import { InputError } from "../../../base/errors.js";
import type { MapFacts } from "../../package/elf/maps.js";
import type { Certificate } from "../certificate.js";
import { wrongSignature } from "../cms-read.js";
import type { Contract } from "../contract.js";
import { installedBy, sysBpf } from "../lint/installs.js";
import { type Walk, walk } from "../lint/walk.js";
import type { SignedLoader } from "../signed-loader.js";
import type { LightSkeleton } from "./light-skeleton.js";

/** BPF_OBJ_NAME_LEN without its NUL. */
const maxName = 15;

/**
 * The loader in a light skeleton; its contract follows from what the signature covers, and from
 * whether the instructions insist on an exclusive map.
 * @param known the maps of its object; whether it has them all, the lint says
 * @throws InputError for a signature of another certificate, or a loader that libbpf does not make
 */
export function loaderOfSkeleton(
	skeleton: LightSkeleton,
	certificate: Certificate,
	known: readonly Pick<MapFacts, "name">[],
): SignedLoader {
	const { file, insns, data, cms, exclProgHash } = skeleton;
	const walked = walk(insns, data);
	const installed = walked && installedBy(walked, data);
	if (!walked || !installed) throw new InputError(file, "opts_insn", "is not a loader that libbpf makes");
	if (installed.maps.length !== skeleton.maps.length)
		throw new InputError(
			file,
			"",
			`names ${skeleton.maps.length} maps, but its loader makes ${installed.maps.length}`,
		);
	return {
		contract: contractOf(skeleton, certificate, walked),
		insns,
		data,
		exclProgHash,
		maps: skeleton.maps.map((ident) => known.find(({ name }) => identOf(name) === ident)?.name ?? ident),
		programs: loadedOf(file, skeleton.programs, installed.programs),
		cms,
		display: file,
		header: skeleton.bytes,
	};
}

function contractOf(skeleton: LightSkeleton, certificate: Certificate, walked: Walk): Contract {
	const { file, insns, data, cms } = skeleton;
	const wrong = wrongSignature(insns, cms, certificate);
	if (wrong === undefined) {
		const calls = walked.calls.filter(({ helper }) => helper === sysBpf);
		return calls.every(({ hashed, exclusive }) => hashed && exclusive) ? "insns-excl" : "insns";
	}
	if (wrongSignature(Buffer.concat([insns, data]), cms, certificate) === undefined) return "insns-maps";
	throw new InputError(file, "opts_sig", wrong);
}

/** bpftool's name of a map: sections lose their first dot, and the others become underscores. */
function identOf(name: string): string {
	return name.startsWith(".") ? name.slice(1).replaceAll(".", "_") : name;
}

/** The programs of a header that its loader loads, in its order: not those of `SEC("?…")`. */
function loadedOf(file: string, names: readonly string[], loaded: readonly { name: string }[]): string[] {
	let next = 0;
	return loaded.map(({ name }) => {
		const index = names.findIndex((each, at) => at >= next && each.slice(0, maxName) === name);
		if (index < 0)
			throw new InputError(file, "", `its loader loads ${JSON.stringify(name)}, which it does not name`);
		next = index + 1;
		return names[index]!;
	});
}
