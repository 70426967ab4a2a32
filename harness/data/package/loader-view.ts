// SPDX-License-Identifier: Apache-2.0
// What the package's loader makes of a program and a map: the dialect's rules, then those of the
// manifest.
import { type Dialect, meaningIn, meaningOfType } from "./elf/dialect.js";
import type { MapFacts, MapShape, ToldKey } from "./elf/maps.js";
import type { SectionMeaning } from "./elf/section.js";
import type { AttachTarget } from "./manifest/attach-target.js";
import { bpffs, type MapSettings, type ObjectEntry, type ProgramSettings } from "./manifest/manifest.js";

/** Which programs a hook of the manifest can only mean. */
const hookTypes: Partial<Record<AttachTarget["hook"], [type: string, attachType?: string]>> = {
	xdp: ["xdp"],
	tc_ingress: ["sched_cls"],
	tc_egress: ["sched_cls"],
	tcx_ingress: ["sched_cls", "tcx_ingress"],
	tcx_egress: ["sched_cls", "tcx_egress"],
	netkit_primary: ["sched_cls", "netkit_primary"],
	netkit_peer: ["sched_cls", "netkit_peer"],
	netfilter: ["netfilter"],
};

/** What a program is: by the manifest's `type`, its section, or the hook in the manifest. */
export function programMeaning(
	section: string,
	dialect: Dialect,
	settings: ProgramSettings | undefined,
): SectionMeaning | undefined {
	const { type, attach_type, attach } = settings ?? {};
	const bySection = meaningIn(dialect, section);
	if (type === undefined && bySection) return bySection;
	const [wanted, attachType] = type === undefined ? impliedBy(attach) : [type, attach_type];
	const meaning = wanted === undefined ? undefined : meaningOfType(wanted, attachType);
	return meaning && { ...meaning, autoload: bySection?.autoload ?? !section.startsWith("?") };
}

function impliedBy(attach: AttachTarget | undefined): [type?: string, attachType?: string] {
	return (attach && hookTypes[attach.hook]) ?? [];
}

/** A map as the package's loader makes it: the object's shape, the loader's rules, the manifest. */
export function mapForLoader(
	map: MapFacts,
	dialect: Dialect,
	{ maps, pin_root = bpffs }: Pick<ObjectEntry, "maps" | "pin_root">,
): MapFacts {
	const settings = maps?.[map.name];
	const changes = { ...loaderChanges(map, dialect), ...manifestChanges(settings) };
	const told = Object.fromEntries(
		Object.entries(changes).filter(([key, value]) => map[key as keyof MapFacts] !== value),
	);
	const pinning = settings?.pinning ?? (map.pinned ? "by_name" : "none");
	const pin = pinning === "by_name" ? `${pin_root}/${map.name}` : pinning;
	return {
		...map,
		...told,
		...(pin === "none" ? {} : { pin }),
		...(Object.keys(told).length > 0 ? { told } : {}),
	};
}

type Changes = Partial<Pick<MapShape, ToldKey>>;

function loaderChanges({ type, value }: MapFacts, dialect: Dialect): Changes {
	switch (dialect) {
		case "cilium/ebpf":
			if (type === "perf_event_array") return { key_size: 4, value_size: 4 };
			if (type === "array_of_maps" || type === "hash_of_maps") return { value_size: 4 };
			return (type === "ringbuf" || type === "arena") && value !== undefined ? { value_size: 0 } : {};
		case "aya":
			return type === "ringbuf" ? { value_size: 0 } : {};
		default:
			return {};
	}
}

function manifestChanges(settings: MapSettings = {}): Changes {
	const { type, key_size, value_size, flags, map_extra } = settings;
	return Object.fromEntries(
		Object.entries({ type, key_size, value_size, flags, map_extra }).filter(
			([, value]) => value !== undefined,
		),
	);
}
