// SPDX-License-Identifier: Apache-2.0
import { cp, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { execa } from "execa";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { openPackage } from "../harness/data/package/package.js";
import { suiteOf } from "../harness/data/vectors/suite.js";
import { testbench } from "../harness/lab/subject/session/testsession.js";
import { kinds } from "./mutant.js";
import { mutants } from "./mutants.js";
const programs = fileURLToPath(new URL(".", import.meta.url));
const tables = Object.entries(mutants).flatMap(([name, table]) => kinds.map((kind) => ({ name, kind, entry: table[kind] })));
const wrong = tables.flatMap(({ entry, ...of }) => "because" in entry ? [] : entry.map((mutant) => ({ ...of, entry: mutant })));
const impossible = tables.flatMap(({ entry, ...of }) => ("because" in entry ? [{ ...of, entry }] : []));
const refused = impossible.flatMap(({ entry, ...of }) => entry.refused ? [{ ...of, entry: entry.refused }] : []);
const patched = [...wrong, ...refused];
const folderOf = (patch) => `mutant-${patched.findIndex(({ entry }) => entry === patch)}`;
/** What compiling them all may take a busy machine. */
const compileMs = 600_000;
let scratch;
beforeAll(async () => {
    scratch = await mkdtemp(join(tmpdir(), "bpfgate-mutants-"));
    for (const { name, entry } of patched)
        await plant(name, entry);
    // One call: it compiles with the flags that the examples are compiled with.
    const sources = patched.flatMap(({ entry }) => isObject(entry) ? [] : [join(scratch, folderOf(entry), entry.file)]);
    await execa(join(programs, "build"), sources);
}, compileMs);
afterAll(() => rm(scratch, { recursive: true, force: true }));
const isObject = ({ file }) => file.endsWith(".o");
/**
 * A copy of a package with one change: in its source, whose object is still to be made, or in its
 * object.
 */
async function plant(name, patch) {
    const folder = join(scratch, folderOf(patch));
    await cp(join(programs, name), folder, { recursive: true });
    const encoding = isObject(patch) ? "hex" : "utf8";
    const original = join(programs, patch.source ?? join(name, patch.file));
    const parts = (await readFile(original, encoding)).split(patch.search);
    if (parts.length !== 2)
        throw new Error(`${name}/${patch.file} has ${parts.length - 1} times, not once: ${patch.search}`);
    if (!isObject(patch))
        await rm(join(folder, patch.file.replace(/c$/, "o")));
    await writeFile(join(folder, patch.file), parts.join(patch.replace), encoding);
}
it("has every kind of mistake for each networking example, or says why there is none", () => {
    expect(tables).toHaveLength(Object.keys(mutants).length * kinds.length);
    for (const { entry } of tables) {
        if ("because" in entry)
            expect(entry.because).not.toBe("");
        else
            expect(entry.length).toBeGreaterThan(0);
    }
    for (const { entry } of wrong)
        expect(entry.message).toMatch(/^packet \d+( \(frame \d+\))?: .+: expected .+, got /);
});
describe.each([
    ["6.12", Object.keys(mutants)],
    ["7.3", ["tc-marker"]],
])("on %s", (kernel, names) => {
    let bench;
    beforeAll(async () => {
        bench = await testbench(kernel);
    });
    afterAll(() => bench[Symbol.asyncDispose]());
    /** @param cases of the vectors that are run; default: all */
    const check = async (folder, cases) => {
        const pkg = await openPackage(folder);
        const suite = suiteOf(pkg);
        if (cases)
            suite.vectors = suite.vectors.filter((vector) => cases.includes(vector.case));
        return bench.check(pkg);
    };
    const of = (entries) => entries.filter(({ name }) => names.includes(name));
    it.each(names)("%s as it is passes", async (name) => {
        const found = wrong.filter((each) => each.name === name).map(({ entry }) => entry);
        // Of objects that are not ours those that are changed: the others are more than ten.
        const cases = found.some(isObject) ? found.map((each) => each.case) : undefined;
        const findings = [...(await check(join(programs, name), cases)).values()];
        expect(findings.filter(({ outcome }) => outcome === "pass").length).toBeGreaterThan(0);
        expect(findings.filter(({ outcome }) => outcome !== "pass" && outcome !== "skip")).toEqual([]);
    });
    it.each(of(wrong))("$name, $kind: $entry.message", async ({ entry }) => {
        const finding = (await check(join(scratch, folderOf(entry)), [entry.case])).get(entry.case);
        expect(finding).toMatchObject({ outcome: "fail", reason: { code: "vector-mismatch" } });
        expect(finding?.evidence.mismatches).toContain(entry.message);
    });
    it.each(of(refused))("$name, $kind: does not load", async ({ entry }) => {
        const findings = [...(await check(join(scratch, folderOf(entry)))).values()];
        expect(new Set(findings.map(({ reason }) => reason?.code))).toEqual(new Set(["not-loaded"]));
    });
});
