// SPDX-License-Identifier: Apache-2.0
import type { Btf } from "../btf/btf.js";
import { type Elf, SHN, STB } from "./elf.js";

/** Something that the object expects the kernel to have. */
export interface Extern {
	name: string;
	/** `kfunc`: a kernel function; `ksym`: another symbol; `kconfig`: of its configuration. */
	kind: "kfunc" | "ksym" | "kconfig";
	/** True when the object copes without it. */
	weak: boolean;
}

/** Undefined symbols, told apart by the section that the BTF puts them in. */
export function readExterns(elf: Elf, btf: Btf | undefined): Extern[] {
	const kinds = btf ? externKinds(btf) : new Map<string, Extern["kind"]>();
	return elf.symbols
		.filter((symbol) => symbol.section === SHN.UNDEF && symbol.binding !== STB.LOCAL && symbol.name !== "")
		.map((symbol) => ({
			name: symbol.name,
			kind: kinds.get(symbol.name) ?? "ksym",
			weak: symbol.binding === STB.WEAK,
		}));
}

function externKinds(btf: Btf): Map<string, Extern["kind"]> {
	const kinds = new Map<string, Extern["kind"]>();
	for (const section of [".ksyms", ".kconfig"]) {
		const id = btf.find(section, "datasec");
		const type = id === undefined ? undefined : btf.type(id);
		if (type?.kind !== "datasec") continue;
		for (const entry of type.entries) {
			const kind = section === ".kconfig" ? "kconfig" : btf.kind(entry.type) === "func" ? "kfunc" : "ksym";
			kinds.set(btf.name(entry.type), kind);
		}
	}
	return kinds;
}
