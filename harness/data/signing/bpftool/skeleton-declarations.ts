// SPDX-License-Identifier: Apache-2.0

/** Something in a struct that is not a plain declaration. */
export class NotDeclared extends Error {
	override name = "NotDeclared";

	/** @param line of the text, from 0 */
	constructor(readonly line: number) {
		super(`line ${line} of the declarations`);
	}
}

interface Token {
	text: string;
	/** From 0, in the text. */
	line: number;
}

const tokenPattern = /[A-Za-z_]\w*|0x[\da-fA-F]+[uUlL]*|\d+[uUlL]*|"[\w:.]*"|\.\.\.|[{}()[\];:,*=-]|[^ \t]/g;
const word = /^[A-Za-z_]\w*$/;
const number = /^(?:0x[\da-fA-F]+|\d+)[uUlL]*$/;
const qualifiers = new Set(["const", "volatile", "restrict"]);
/** Words that make a type together, as in `unsigned int`; all other types are one word. */
const typeWords = new Set(
	"void char short int long float double signed unsigned _Bool bool __int128 _Complex".split(" "),
);
const maxDepth = 100;

/**
 * Checks that a text is members of a struct as libbpf's btf_dump writes them, and no more: types,
 * names, sizes of arrays and bit fields, constants of enums. Nothing in that can be executed, in C
 * or C++: there are no bodies of functions, no initial values, no expressions, and no macros that
 * the text itself could define.
 * @throws NotDeclared with the line
 */
export function checkDeclarations(text: string): void {
	const parser = new Declarations(text);
	parser.members();
	parser.end();
}

class Declarations {
	readonly #tokens: Token[] = [];
	#at = 0;
	#depth = 0;

	constructor(text: string) {
		for (const [line, each] of text.split("\n").entries())
			for (const [token] of each.matchAll(tokenPattern)) this.#tokens.push({ text: token, line });
	}

	get #next(): string {
		return this.#tokens[this.#at]?.text ?? "";
	}

	#wrong(): NotDeclared {
		return new NotDeclared((this.#tokens[this.#at] ?? this.#tokens.at(-1))?.line ?? 0);
	}

	#take(...texts: string[]): void {
		for (const text of texts) {
			if (this.#next !== text) throw this.#wrong();
			this.#at++;
		}
	}

	#takes(text: string): boolean {
		if (this.#next !== text) return false;
		this.#at++;
		return true;
	}

	#takeMatching(pattern: RegExp): void {
		if (!pattern.test(this.#next)) throw this.#wrong();
		this.#at++;
	}

	end(): void {
		if (this.#at < this.#tokens.length) throw this.#wrong();
	}

	/** Up to the brace that ends them. */
	members(): void {
		while (this.#next !== "" && this.#next !== "}") {
			this.#type();
			this.#declarator();
			if (this.#takes(":")) this.#takeMatching(number);
			this.#attributes();
			this.#take(";");
		}
	}

	#type(): void {
		let found: "words" | "name" | undefined;
		for (;;) {
			if (this.#next === "__attribute__") this.#attributes();
			else if (qualifiers.has(this.#next)) this.#at++;
			else if (typeWords.has(this.#next) && found !== "name") {
				this.#at++;
				found = "words";
			} else if (word.test(this.#next) && found === undefined) {
				if (["struct", "union", "enum"].includes(this.#next)) this.#composite();
				else this.#at++;
				found = "name";
			} else break;
		}
		if (found === undefined) throw this.#wrong();
	}

	#composite(): void {
		const constants = this.#next === "enum";
		this.#at++;
		const name = word.test(this.#next);
		if (name) this.#at++;
		if (!this.#takes("{")) {
			if (!name) throw this.#wrong();
			return;
		}
		this.#within(() => (constants ? this.#enumerators() : this.members()));
		this.#take("}");
	}

	#within(inner: () => void): void {
		if (++this.#depth > maxDepth) throw this.#wrong();
		inner();
		this.#depth--;
	}

	#enumerators(): void {
		while (this.#next !== "}") {
			this.#takeMatching(word);
			if (this.#takes("=")) {
				this.#takes("-");
				this.#takeMatching(number);
			}
			if (!this.#takes(",")) return;
		}
	}

	#declarator(): void {
		for (;;) {
			if (this.#next === "__attribute__") this.#attributes();
			else if (this.#next === "*" || qualifiers.has(this.#next)) this.#at++;
			else break;
		}
		if (this.#takes("(")) {
			this.#within(() => this.#declarator());
			this.#take(")");
		} else if (word.test(this.#next)) this.#at++;
		for (;;) {
			if (this.#takes("[")) {
				if (this.#next !== "]") this.#takeMatching(number);
				this.#take("]");
			} else if (this.#takes("(")) this.#within(() => this.#parameters());
			else return;
		}
	}

	#parameters(): void {
		if (this.#takes(")")) return;
		do {
			if (this.#takes("...")) break;
			this.#type();
			this.#declarator();
		} while (this.#takes(","));
		this.#take(")");
	}

	/** `__attribute__((packed))`, `aligned(8)`, `mode(byte)`, `btf_type_tag("user")`. */
	#attributes(): void {
		while (this.#takes("__attribute__")) {
			this.#take("(", "(");
			this.#takeMatching(/^(?:packed|aligned|mode|btf_type_tag)$/);
			if (this.#takes("(")) {
				this.#takeMatching(/^(?:\w+|"[\w:.]*")$/);
				this.#take(")");
			}
			this.#take(")", ")");
		}
	}
}
