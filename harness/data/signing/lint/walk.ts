// SPDX-License-Identifier: Apache-2.0
import { createHash } from "node:crypto";
import { insnClass as cls, op, pseudo } from "../../../base/insn.js";
import { decode, type Placed, width } from "./decode.js";

/** What a register is known to hold. */
export type Value =
	| { kind: "constant"; value: bigint }
	/** The loader's argument, which the machine that runs it chooses. */
	| { kind: "context"; at: number }
	/** `struct bpf_map` of the metadata. */
	| { kind: "map"; at: number }
	/** The metadata itself. */
	| { kind: "data"; at: number }
	/** Read from `struct bpf_map`. */
	| { kind: "field"; at: number; size: number }
	/** What a call gave; `at` is the call's place. */
	| { kind: "result"; at: number };

/** A call of a helper that the loader can come to. */
export interface HelperCall {
	/** In units of eight bytes. */
	place: number;
	/** enum bpf_func_id */
	helper: number;
	/** r1 to r5; undefined where it depends on the way. */
	arguments: readonly (Value | undefined)[];
	/** On each way to it the four words of the map's hash were found to be those of the data. */
	hashed: boolean;
	/** On each way to it the map was found to be exclusive. */
	exclusive: boolean;
}

/** What can be said of a loader from its instructions and data. */
export interface Walk {
	calls: HelperCall[];
	/** Offsets in the context that it reads, ascending. */
	contextReads: number[];
	/** Values that it writes into its data: offset there, and the value. */
	stores: Map<number, Value>;
	/** It compares a word of the map's hash with what is not the data's. */
	otherHash: boolean;
}

interface State {
	registers: (Value | undefined)[];
	/** Bit 0 to 3: word of the hash compared; bit 4: exclusive. */
	facts: number;
}

const allWords = 0b1111;
const exclusive = 0b10000;
/** `struct bpf_map` (include/linux/bpf.h): `u8 sha[32]` first, from 7.2 on then `u32 excl`. */
const exclAt = 32;
/** Loaders are at most half as long: on errors they jump to their start, by 16 bits. */
const maxInstructions = 65_536;

/** Follows a loader on all of its ways; undefined when it is not made as libbpf's are. */
export function walk(insns: Uint8Array, data: Uint8Array): Walk | undefined {
	if (insns.length > maxInstructions * 8) return undefined;
	const program = decode(insns);
	if (!program) return undefined;
	const sha = createHash("sha256").update(data).digest();
	const words = [0, 8, 16, 24].map((at) => sha.readBigInt64LE(at));
	const found = { otherHash: false };
	const states = reach(program, (field, constant) => {
		if (field.at === exclAt) return constant === 1n && field.size <= 4 ? exclusive : 0;
		if (field.at % 8 !== 0 || field.at >= 32 || field.size !== 8) return 0;
		const same = words[field.at / 8] === constant;
		if (!same) found.otherHash = true;
		return same ? 1 << (field.at / 8) : 0;
	});
	if (!states) return undefined;
	const result: Walk = { calls: [], contextReads: [], stores: new Map(), ...found };
	const reads = new Set<number>();
	for (const [place, state] of states.entries()) {
		const instruction = program[place];
		if (instruction && state) observe(place, instruction, state, result, reads);
	}
	result.contextReads = [...reads].sort((a, b) => a - b);
	return result;
}

function observe(place: number, insn: Placed, state: State, result: Walk, reads: Set<number>): void {
	const kind = insn.code & 7;
	const { registers, facts } = state;
	if (insn.code === op.call) {
		result.calls.push({
			place,
			helper: insn.imm,
			arguments: registers.slice(1, 6),
			hashed: (facts & allWords) === allWords,
			exclusive: (facts & exclusive) !== 0,
		});
	} else if (kind === cls.ldx) {
		const base = registers[insn.source];
		if (base?.kind === "context") reads.add(base.at + insn.offset);
	} else if (kind === cls.stx) {
		const base = registers[insn.target];
		const value = registers[insn.source];
		if (base?.kind === "data" && value) result.stores.set(base.at + insn.offset, value);
	}
}

/** Which facts follow when a field of the map equals a constant. */
type Learn = (field: Extract<Value, { kind: "field" }>, constant: bigint) => number;

/** What is known before each instruction; undefined where none of the ways leads. */
function reach(program: (Placed | undefined)[], learn: Learn): (State | undefined)[] | undefined {
	const states: (State | undefined)[] = new Array(program.length);
	const start = new Array<Value | undefined>(11).fill(undefined);
	start[1] = { kind: "context", at: 0 };
	states[0] = { registers: start, facts: 0 };
	const pending = new Uint8Array(program.length);
	pending[0] = 1;
	// In the order of the program, as most jumps of a loader lead forwards: most of it is seen
	// once.
	for (let from = 0; from < program.length; ) {
		let back = program.length;
		for (let place = pending.indexOf(1, from); place >= 0; place = pending.indexOf(1, place + 1)) {
			pending[place] = 0;
			const insn = program[place];
			const state = states[place];
			const steps = insn && state && next(place, insn, state, learn);
			if (!steps) return undefined;
			for (const [to, after] of steps) {
				if (to < 0 || to >= program.length || !program[to]) return undefined;
				const before = states[to];
				const merged = before ? merge(before, after) : after;
				if (merged === before) continue;
				states[to] = merged;
				pending[to] = 1;
				if (to <= place) back = Math.min(back, to);
			}
		}
		from = back;
	}
	return states;
}

/** The state that holds whichever of two ways was gone; `before` itself when it holds already. */
function merge(before: State, after: State): State {
	const facts = before.facts & after.facts;
	const registers = [...before.registers];
	let changed = facts !== before.facts;
	for (const [index, value] of before.registers.entries()) {
		if (value === undefined || same(value, after.registers[index])) continue;
		registers[index] = undefined;
		changed = true;
	}
	return changed ? { registers, facts } : before;
}

function same(a: Value, b: Value | undefined): boolean {
	if (a === b) return true;
	if (!b || a.kind !== b.kind) return false;
	if (a.kind === "constant") return b.kind === "constant" && a.value === b.value;
	if (b.kind === "constant" || a.at !== b.at) return false;
	return a.kind !== "field" || (b.kind === "field" && a.size === b.size);
}

/** Where an instruction leads, and what is known there. undefined when that is beyond this walk. */
function next(place: number, insn: Placed, state: State, learn: Learn): [number, State][] | undefined {
	const after = place + insn.length;
	const kind = insn.code & 7;
	if (kind !== cls.jmp && kind !== cls.jmp32) return [[after, written(insn, state)]];
	if (insn.code === op.exit) return [];
	if (insn.code === op.jump) return [[after + insn.offset, state]];
	if (insn.code === op.jump32) return [[after + insn.imm, state]];
	if (insn.code === op.call) {
		// Not a helper but a function of the loader's own or of the kernel.
		if (insn.source !== 0) return undefined;
		const registers = [...state.registers].fill(undefined, 0, 6);
		registers[0] = { kind: "result", at: place };
		return [[after, { registers, facts: state.facts }]];
	}
	const operation = insn.code & 0xf0;
	if (operation === 0x80 || operation === 0x90) return undefined;
	const known = equality(insn, state, learn);
	const equal = known === 0 ? state : { ...state, facts: state.facts | known };
	const jumped: State = operation === jump.eq ? equal : state;
	const passed: State = operation === jump.ne ? equal : state;
	return [
		[after, passed],
		[after + insn.offset, jumped],
	];
}

const jump = { eq: 0x10, ne: 0x50 } as const;
const byRegister = 0x08;

/** What is known where both sides of a comparison are equal. */
function equality(insn: Placed, { registers }: State, learn: Learn): number {
	const left = registers[insn.target];
	const right: Value | undefined =
		(insn.code & byRegister) !== 0 ? registers[insn.source] : { kind: "constant", value: BigInt(insn.imm) };
	const [field, constant] = left?.kind === "field" ? [left, right] : [right, left];
	if (field?.kind !== "field" || constant?.kind !== "constant") return 0;
	// Of eight bytes, 32-bit jumps compare only half.
	return (insn.code & 7) === cls.jmp32 && field.size === 8 ? 0 : learn(field, constant.value);
}

function written(insn: Placed, state: State): State {
	const kind = insn.code & 7;
	const registers = [...state.registers];
	if (kind === cls.st) return state;
	if (kind === cls.stx) {
		// Atomic operations may give back what was there before.
		if ((insn.code & 0xe0) !== 0xc0) return state;
		registers[insn.source] = undefined;
		registers[0] = undefined;
	} else {
		registers[insn.target] = assigned(insn, state.registers);
	}
	return { registers, facts: state.facts };
}

function assigned(insn: Placed, registers: (Value | undefined)[]): Value | undefined {
	const { code, imm } = insn;
	const before = registers[insn.target];
	if (code === op.ldImm64) return loaded(insn);
	if (code === op.movImm) return { kind: "constant", value: BigInt(imm) };
	if (code === op.mov32Imm) return { kind: "constant", value: BigInt(imm >>> 0) };
	// With an offset it extends a sign.
	if (code === op.movReg && insn.offset === 0) return registers[insn.source];
	if (code === op.addImm && (before?.kind === "context" || before?.kind === "data" || before?.kind === "map"))
		return { ...before, at: before.at + imm };
	const base = registers[insn.source];
	// Plain loads; sign-extending ones are of another mode.
	if ((code & 7) === cls.ldx && (code & 0xe0) === 0x60 && base?.kind === "map")
		return { kind: "field", at: base.at + insn.offset, size: width(code) };
	return undefined;
}

function loaded({ source, imm, high }: Placed): Value | undefined {
	if (source === 0) return { kind: "constant", value: (BigInt(high) << 32n) | BigInt(imm >>> 0) };
	if (imm !== 0) return undefined;
	if (source === pseudo.mapIndex) return { kind: "map", at: 0 };
	if (source === pseudo.mapIndexValue) return { kind: "data", at: high };
	return undefined;
}
