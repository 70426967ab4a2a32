// SPDX-License-Identifier: Apache-2.0
import { describe, expect, it } from "vitest";
import { checkDeclarations, NotDeclared } from "./skeleton-declarations.js";

describe("declarations", () => {
	it.each([
		"__u32 quota;",
		"long long unsigned int a; const volatile char *const b[4][2]; _Bool c;",
		"struct one *a; struct { int b; union { char c; long d; }; } e; struct f {} *g;",
		"enum { A = 0, B = -1, C = 0x10ULL, } a; enum named b; enum { D, E } c : 2;",
		"int a : 3; long: 61; char __pad0[4]; int open[];",
		"int (*fn)(struct a *, const char *, ...); void (*(*fns[3])(void))(int, int (*)(int)); int (*none)();",
		"struct { int a; } __attribute__((packed)) b; int c __attribute__((aligned(8)));",
		'enum { A } __attribute__((mode(byte))) a; struct b __attribute__((btf_type_tag("rcu"))) *b;',
		"",
	])("are %s", (text) => {
		expect(() => checkDeclarations(text)).not.toThrow();
	});

	it.each([
		["an initial value", 'int a = system("id");'],
		["a function with a body", "void f(void) { abort(); }"],
		["a C++ constructor", "x() { abort(); }"],
		["a value of a C++ class", "static inline int x = abort();"],
		["a statement as a size", "char a[({ abort(); 1; })];"],
		["an expression as a size", "char a[sizeof(int)];"],
		["an expression as a constant", "enum { A = 1 + abort() } a;"],
		["typeof", "__typeof__(abort()) a;"],
		["an assembler's text", '__asm__("ud2");'],
		["a pragma", '_Pragma("x");'],
		["another attribute", "int a __attribute__((constructor));"],
		["an attribute's text", 'int a __attribute__((btf_type_tag("x\\")))"));'],
		["a directive", "#include <x.h>"],
		["a comment", "int a; /* b */"],
		["a string", '"a";'],
		["an end of its own", "}; void f(void);"],
		["two names", "int a b;"],
		["no end", "int a"],
		["an open brace", "struct { int a;"],
		["nothing between brackets", "struct { } [ ;"],
	])("are not %s", (_, text) => {
		expect(() => checkDeclarations(text)).toThrow(NotDeclared);
	});

	it("say which line is none", () => {
		expect(() => checkDeclarations("int a;\nint b;\nint c = 1;")).toThrow(
			expect.objectContaining({ line: 2 }),
		);
	});

	it("nest only as deep as programs do", () => {
		const nested = (depth: number) => `${"struct { ".repeat(depth)}int a;${" } b;".repeat(depth)}`;
		expect(() => checkDeclarations(nested(90))).not.toThrow();
		for (const text of [nested(100_000), `int ${"(".repeat(100_000)}`, `int f${"(int".repeat(100_000)}`])
			expect(() => checkDeclarations(text)).toThrow(NotDeclared);
	});
});
