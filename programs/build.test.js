// SPDX-License-Identifier: Apache-2.0
import { chmodSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { execaSync } from "execa";
import { afterEach, beforeEach, expect, it } from "vitest";
const script = fileURLToPath(new URL("build", import.meta.url));
let bin;
beforeEach(() => {
    bin = mkdtempSync(join(tmpdir(), "bpfgate-build-"));
    for (const name of ["bash", "dirname", "sed", "tr", "env"])
        symlinkSync(`/usr/bin/${name}`, join(bin, name));
});
afterEach(() => rmSync(bin, { recursive: true }));
function install(name, says) {
    writeFileSync(join(bin, name), `#!/bin/bash\necho '${says}'\n`);
    chmodSync(join(bin, name), 0o755);
}
/** Nothing is compiled: where libbpf should be there is nothing. */
function build(env = {}) {
    const result = execaSync(join(bin, "bash"), [script], {
        env: { PATH: bin, LIBBPF: "/no/libbpf", ...env },
        extendEnv: false,
        reject: false,
    });
    return { status: result.exitCode, said: result.stderr };
}
it("asks for a compiler that is there and new enough, by either name", () => {
    const missing = { status: 3, said: expect.stringContaining("clang is not installed, or too old") };
    expect(build()).toMatchObject(missing);
    install("clang", "clang version 14.0.6");
    expect(build()).toMatchObject(missing);
    install("clang", "clang version 16.0.6 (Fedora)");
    expect(build()).toMatchObject({
        status: 3,
        said: expect.stringContaining("llvm-strip is not installed, or too old: apt install llvm-19"),
    });
    install("llvm-strip", "LLVM version 14.0.6");
    expect(build().said).toContain("/no/libbpf/include has no bpf/bpf_helpers.h");
    install("clang-19", "Debian clang version 19.1.7");
    install("clang", "clang version 14.0.6");
    expect(build().said).toContain("/no/libbpf/include");
});
