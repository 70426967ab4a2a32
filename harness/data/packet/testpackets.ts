// SPDX-License-Identifier: Apache-2.0
import { type HeaderName, type Layer, type Layers, layerKinds } from "./layers.js";
import type { Random } from "./random.js";

type Values = Record<string, unknown>;
type Maker = (random: Random) => Values;

const port = (random: Random) => random.pick([1, 53, 443, 1024, 49153, 65535]);
const hex = (random: Random, digits: number) =>
	`0x${random
		.below(16 ** digits)
		.toString(16)
		.padStart(digits, "0")}`;
const some = (random: Random, names: readonly string[]) => names.filter(() => random.chance(40));
const item = (name: string, value: unknown) => ({ [name]: value });

function tcpOption(random: Random): unknown {
	return random.pick([
		() => "nop",
		() => "sack_permitted",
		() => item("mss", random.below(65536)),
		() => item("window_scale", random.below(256)),
		() => item("timestamps", { tsval: random.below(2 ** 32), tsecr: random.below(2 ** 32) }),
		() => item("sack", [{ left: random.below(2 ** 32), right: random.below(2 ** 32) }]),
		() => item("option", { type: 200 + random.below(50), data: random.hex(1 + random.below(6)) }),
	])();
}

function ipv4Option(random: Random): unknown {
	return random.pick([
		() => "nop",
		() => item("router_alert", random.below(65536)),
		() =>
			item(random.pick(["record_route", "loose_route", "strict_route"]), {
				pointer: 4,
				route: [random.ipv4()],
			}),
		() => item("option", { type: 150 + random.below(100), data: random.hex(1 + random.below(6)) }),
	])();
}

function ipv6Option(random: Random): unknown {
	return random.pick([
		() => item("router_alert", random.below(65536)),
		() => item("tunnel_limit", random.below(256)),
		() => item("jumbo", random.below(2 ** 32)),
		() => item("option", { type: 20 + random.below(150), data: random.hex(1 + random.below(30)) }),
	])();
}

function neighbourOption(random: Random): unknown {
	return random.pick([
		() => item("source_link_layer", random.mac()),
		() => item("target_link_layer", random.mac()),
		() => item("mtu", { reserved: 0, mtu: random.below(2 ** 32) }),
		() => item("option", { type: 20 + random.below(200), data: random.hex(6 + 8 * random.below(3)) }),
	])();
}

function chunk(random: Random): unknown {
	const flags = hex(random, 2);
	const tsn = random.below(2 ** 32);
	return random.pick([
		() =>
			item("data", {
				flags,
				message: { tsn, stream: 1, seq: 2, ppid: 3, data: random.hex(1 + random.below(30)) },
			}),
		() => item("init", { flags, message: { tag: hex(random, 8), a_rwnd: 1, outbound: 2, inbound: 3, tsn } }),
		() =>
			item("init_ack", {
				flags,
				message: { tag: hex(random, 8), a_rwnd: 1, outbound: 2, inbound: 3, tsn, parameters: random.hex(8) },
			}),
		() =>
			item("chunk", {
				type: random.pick(["sack", "heartbeat", "abort", 130]),
				flags,
				value: random.hex(1 + random.below(30)),
			}),
		() => item("chunk", { type: "cookie-ack", flags }),
	])();
}

const options = (element: (random: Random) => unknown, most: number) => (random: Random) => ({
	options: random.list(most, () => element(random)),
});

const icmpTypes: Readonly<Record<string, Maker>> = {
	"echo-request": (random) => ({ id: random.below(65536), seq: random.below(65536) }),
	"echo-reply": (random) => ({ id: random.below(65536) }),
	"destination-unreachable": (random) => ({ mtu: random.below(65536) }),
	"time-exceeded": (random) => ({ rest: random.hex(4) }),
	redirect: (random) => ({ gateway: random.ipv4() }),
	"parameter-problem": (random) => ({ pointer: random.below(256) }),
};
const icmpv6Types: Readonly<Record<string, Maker>> = {
	"echo-request": (random) => ({ id: random.below(65536), seq: random.below(65536) }),
	"destination-unreachable": (random) => ({ rest: random.hex(4) }),
	"packet-too-big": (random) => ({ mtu: random.below(2 ** 32) }),
	"router-solicitation": options(neighbourOption, 3),
	"router-advertisement": (random) => ({
		hop_limit: random.below(256),
		...options(neighbourOption, 3)(random),
	}),
	"neighbour-solicitation": (random) => ({ target: random.ipv6(), ...options(neighbourOption, 3)(random) }),
	"neighbour-advertisement": (random) => ({
		flags: some(random, ["override", "solicited", "router"]),
		target: random.ipv6(),
	}),
};
/** Messages behind which only a quoted datagram can stand, or nothing. */
const quoting = new Set([
	"destination-unreachable",
	"time-exceeded",
	"redirect",
	"parameter-problem",
	"packet-too-big",
]);

function message(types: Readonly<Record<string, Maker>>): Maker {
	return (random) => {
		const type = random.pick(Object.keys(types));
		return { type, code: random.below(3), ...types[type]!(random) };
	};
}

/** Each field that may be given, so that what is read is the same. */
const makers: Readonly<Record<HeaderName, Maker>> = {
	eth: (random) => ({ dst: random.mac(), src: random.mac() }),
	vlan: (random) => ({ pcp: random.below(8), flags: some(random, ["dei"]), id: random.below(4096) }),
	arp: (random) => ({
		op: random.pick(["request", "reply", 9]),
		sha: random.mac(),
		spa: random.ipv4(),
		tha: random.mac(),
		tpa: random.ipv4(),
	}),
	ipv4: (random) => ({
		version: random.below(16),
		tos: random.below(256),
		id: random.below(65536),
		flags: some(random, ["mf", "df", "reserved"]),
		frag_off: random.chance(10) ? random.below(8192) : 0,
		ttl: random.below(256),
		src: random.ipv4(),
		dst: random.ipv4(),
		...(random.chance(40) ? options(ipv4Option, 4)(random) : {}),
	}),
	ipv6: (random) => ({
		tclass: random.below(256),
		flow_lbl: hex(random, 5),
		hop_limit: random.below(256),
		src: random.ipv6(),
		dst: random.ipv6(),
	}),
	hopopts: options(ipv6Option, 4),
	dstopts: options(ipv6Option, 4),
	routing: (random) =>
		random.pick<() => Values>([
			() => ({
				type: "source",
				segments_left: 4 + random.below(4),
				addresses: random.list(3, () => random.ipv6()),
			}),
			() => ({ type: "mobile", reserved: random.hex(4), addresses: [random.ipv6()] }),
			() => ({
				type: "segment",
				flags: hex(random, 2),
				tag: hex(random, 4),
				addresses: random.list(4, () => random.ipv6()),
			}),
			() => ({ type: "segment", addresses: [random.ipv6()], data: random.hex(8) }),
			() => ({ type: 200, segments_left: 1 + random.below(4), data: random.hex(8) }),
		])(),
	fragment: (random) => ({
		reserved: random.below(256),
		frag_off: random.chance(30) ? random.below(8192) : 0,
		reserved2: random.below(4),
		flags: some(random, ["mf"]),
		id: hex(random, 8),
	}),
	ah: (random) => ({
		spi: hex(random, 8),
		seq: random.below(2 ** 32),
		icv: random.hex(4 * random.list(6, () => 0).length),
	}),
	tcp: (random) => ({
		sport: port(random),
		dport: port(random),
		seq: random.below(2 ** 32),
		ack_seq: random.below(2 ** 32),
		reserved: random.below(16),
		flags: some(random, ["fin", "syn", "rst", "psh", "ack", "urg", "ece", "cwr"]),
		window: random.below(65536),
		urg_ptr: random.below(65536),
		...(random.chance(60) ? options(tcpOption, 4)(random) : {}),
	}),
	udp: (random) => ({ sport: port(random) }),
	icmp: message(icmpTypes),
	icmpv6: message(icmpv6Types),
	gre: (random) => ({
		version: random.chance(10) ? 1 : 0,
		...(random.chance(50) ? { key: 1 + random.below(2 ** 31) } : {}),
		...(random.chance(50) ? { seq: 1 + random.below(2 ** 31) } : {}),
	}),
	vxlan: (random) => ({
		flags: hex(random, 2),
		reserved: hex(random, 6),
		vni: random.below(2 ** 24),
		reserved2: hex(random, 2),
	}),
	geneve: (random) => ({
		flags: some(random, ["critical", "oam"]),
		vni: random.below(2 ** 24),
		options: random.list(4, () =>
			item("option", {
				class: hex(random, 4),
				type: hex(random, 2),
				reserved: random.below(8),
				data: random.hex(4 + 4 * random.below(4)),
			}),
		),
	}),
	sctp: (random) => ({
		sport: port(random),
		dport: port(random),
		vtag: hex(random, 8),
		chunks: random.list(4, () => chunk(random)),
	}),
};

const l3 = ["ipv4", "ipv6"] as const;
const l4 = ["tcp", "udp", "icmp", "gre", "sctp", "ah", "ipv4", "ipv6", "eth"] as const;
const l4of6 = [...l4, "icmpv6", "hopopts", "routing", "fragment", "dstopts"] as const;

function following(
	random: Random,
	name: HeaderName,
	values: Values,
	ipv6: boolean,
): HeaderName | "payload" | undefined {
	const ends = random.chance(15) ? undefined : ("payload" as const);
	const transport = () => (random.chance(85) ? random.pick<HeaderName>(ipv6 ? l4of6 : l4) : ends);
	switch (name) {
		case "eth":
		case "vlan":
			return random.chance(90) ? random.pick(["vlan", "arp", ...l3, ...l3] as const) : ends;
		case "ipv4":
		case "fragment":
			return values.frag_off ? "payload" : transport();
		case "ipv6":
		case "hopopts":
		case "routing":
		case "dstopts":
		case "ah":
			return transport();
		case "udp":
			return random.chance(40) ? random.pick(["vxlan", "geneve"] as const) : ends;
		case "vxlan":
			return "eth";
		case "geneve":
			return random.chance(80) ? random.pick(["eth", ...l3] as const) : ends;
		case "gre":
			return (values.version ?? 0) === 0 && random.chance(80)
				? random.pick(["eth", ...l3] as const)
				: "payload";
		case "icmp":
			return quoting.has(String(values.type)) ? random.pick(["ipv4", undefined]) : ends;
		case "icmpv6":
			if (/^(router|neighbour)-/.test(String(values.type))) return undefined;
			return quoting.has(String(values.type)) ? random.pick(["ipv6", undefined]) : ends;
		case "sctp":
			return undefined;
		default:
			return ends;
	}
}

/** Checksums, lengths and paddings that are given though they would be computed. */
function deviate(random: Random, name: HeaderName, values: Values, next: string | undefined): void {
	const checked = ["ipv4", "tcp", "udp", "icmp", "icmpv6"].includes(name);
	if (checked && random.chance(10)) values.check = hex(random, 4);
	if (name === "gre" && random.chance(20)) values.check = hex(random, 4);
	if (name === "sctp" && random.chance(10)) values.check = hex(random, 8);
	const length = { ipv4: "tot_len", ipv6: "payload_len", udp: "len" }[name as string];
	if (length && random.chance(5)) values[length] = 65535;
	else if (length && next && random.chance(10)) values.trailer = random.hex(1 + random.below(20));
	if (name === "udp" && (next === "payload" || next === undefined) && random.chance(50))
		values.dport = port(random);
}

/** What is left of values when those are taken out that are the default. */
function withoutDefaults(name: HeaderName, values: Values): Values {
	const kind = layerKinds[name];
	const same = (field: string, value: unknown) =>
		JSON.stringify(kind.fields[field]?.default) === JSON.stringify(value);
	return Object.fromEntries(
		Object.entries(values).filter(([field, value]) => kind.kept?.includes(field) || !same(field, value)),
	);
}

/** A packet that is read as it was written. @param deviating checksums and lengths may be wrong */
export function randomLayers(random: Random, deviating = true): { layers: Layers; ethernet: boolean } {
	const layers: Layer[] = [];
	const ethernet = random.chance(80);
	let name: HeaderName | "payload" | undefined = ethernet ? "eth" : random.pick(l3);
	let ipv6 = false;
	while (name !== undefined && name !== "payload") {
		if (name === "ipv4" || name === "ipv6") ipv6 = name === "ipv6";
		const kept = layerKinds[name].kept ?? [];
		const values: Values = Object.fromEntries(
			Object.entries(makers[name](random)).filter(([field]) => kept.includes(field) || random.chance(80)),
		);
		if (name === "ipv4" && layers.length === 0) delete values.version;
		const next: HeaderName | "payload" | undefined =
			layers.length < 11 ? following(random, name, values, ipv6) : undefined;
		if (deviating) deviate(random, name, values, next);
		layers.push({ [name]: withoutDefaults(name, values) } as Layer);
		name = next;
	}
	if (name !== undefined) layers.push({ payload: random.hex(1 + random.below(60)) });
	return { layers, ethernet };
}
