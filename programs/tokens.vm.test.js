var __addDisposableResource = (this && this.__addDisposableResource) || function (env, value, async) {
    if (value !== null && value !== void 0) {
        if (typeof value !== "object" && typeof value !== "function") throw new TypeError("Object expected.");
        var dispose, inner;
        if (async) {
            if (!Symbol.asyncDispose) throw new TypeError("Symbol.asyncDispose is not defined.");
            dispose = value[Symbol.asyncDispose];
        }
        if (dispose === void 0) {
            if (!Symbol.dispose) throw new TypeError("Symbol.dispose is not defined.");
            dispose = value[Symbol.dispose];
            if (async) inner = dispose;
        }
        if (typeof dispose !== "function") throw new TypeError("Object not disposable.");
        if (inner) dispose = function() { try { inner.call(this); } catch (e) { return Promise.reject(e); } };
        env.stack.push({ value: value, dispose: dispose, async: async });
    }
    else if (async) {
        env.stack.push({ async: true });
    }
    return value;
};
var __disposeResources = (this && this.__disposeResources) || (function (SuppressedError) {
    return function (env) {
        function fail(e) {
            env.error = env.hasError ? new SuppressedError(e, env.error, "An error was suppressed during disposal.") : e;
            env.hasError = true;
        }
        var r, s = 0;
        function next() {
            while (r = env.stack.pop()) {
                try {
                    if (!r.async && s === 1) return s = 0, env.stack.push(r), Promise.resolve().then(next);
                    if (r.dispose) {
                        var result = r.dispose.call(r.value);
                        if (r.async) return s |= 2, Promise.resolve(result).then(next, function(e) { fail(e); return next(); });
                    }
                    else s |= 1;
                }
                catch (e) {
                    fail(e);
                }
            }
            if (s === 1) return env.hasError ? Promise.reject(env.error) : Promise.resolve();
            if (env.hasError) throw env.error;
        }
        return next();
    };
})(typeof SuppressedError === "function" ? SuppressedError : function (error, suppressed, message) {
    var e = new Error(message);
    return e.name = "SuppressedError", e.error = error, e.suppressed = suppressed, e;
});
// SPDX-License-Identifier: Apache-2.0
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { declaredOutcome, withoutOutcome } from "../harness/checks/token/declared-token.js";
import { delegationOf, grantName, grantsOf, settingsOf, without, } from "../harness/checks/token/model/delegation.js";
import { printMountOptions } from "../harness/checks/token/model/mount-options.js";
import { printDropIn } from "../harness/checks/token/model/systemd-drop-in.js";
import { verifiedBySystemd } from "../harness/checks/token/model/testsystemd.js";
import { TokenScene } from "../harness/checks/token/package-trials.js";
import { inferToken } from "../harness/checks/token/token-inference.js";
import { openPackage } from "../harness/data/package/package.js";
import { testbench } from "../harness/lab/subject/session/testsession.js";
import { GuestError } from "../harness/machine/guest/client.js";
import { mountToken } from "../harness/machine/guest/token-mount.js";
const open = (name) => openPackage(`programs/${name}`);
/** The package with another delegation declared. */
async function twin(name, change) {
    const pkg = await open(name);
    pkg.manifest.token = change(pkg.manifest.token ?? {});
    return pkg;
}
describe("twins of the examples on 7.3", () => {
    let bench;
    beforeAll(async () => {
        bench = await testbench("7.3");
    });
    afterAll(() => bench[Symbol.asyncDispose]());
    const inScene = async (pkg, run) => {
        const scene = await TokenScene.open(pkg, bench.workbench);
        try {
            const { outcome, reason } = await run(scene);
            return `${outcome}: ${reason?.code}: ${reason?.message}`;
        }
        finally {
            await scene.close();
        }
    };
    it.each([
        ["token-kprobe", "programs", "kprobe", /program count_exit .* lacks is program\/kprobe$/],
        ["token-tc", "capabilities", "cap_net_admin", /program keep_near .* lacks is capability\/cap_net_admin$/],
    ])("%s that does not ask for %s/%s declares too little", async (name, kind, left, message) => {
        const narrow = await twin(name, (token) => ({
            ...token,
            [kind]: token[kind]?.filter((each) => each !== left),
        }));
        const said = await inScene(narrow, declaredOutcome);
        expect(said).toMatch(/^fail: too-narrow: /);
        expect(said).toMatch(message);
    });
    it.each([
        ["token-xdp", "maps", "devmap"],
        ["token-cgroup", "programs", "lsm"],
    ])("%s that asks for %s/%s besides declares too much", async (name, kind, more) => {
        const wide = await twin(name, (token) => ({ ...token, [kind]: [...(token[kind] ?? []), more] }));
        const grant = { kind, name: more };
        expect(await inScene(wide, (scene) => withoutOutcome(scene, grant))).toBe(`fail: too-wide: ${grantName(grant)} is declared, and the package works without it`);
    });
});
/** Where each program goes that is not attached where its section says. */
const places = {
    drop_reflected: { hook: "xdp", ifindex: 1, mode: "generic" },
    drop_reflected_frags: { hook: "xdp", ifindex: 1, mode: "generic" },
};
describe.each([
    { id: "6.12", name: "token-kprobe" },
    { id: "7.3", name: "token-xdp" },
])("what is inferred for $name on $id", ({ id, name }) => {
    let pkg;
    let smallest;
    beforeAll(async () => {
        const env_1 = { stack: [], error: void 0, hasError: false };
        try {
            pkg = await open(name);
            const bench = __addDisposableResource(env_1, await testbench(id), true);
            const { token: _, ...manifest } = pkg.manifest;
            smallest = (await inferToken({ ...pkg, manifest }, bench.workbench)).smallest;
        }
        catch (e_1) {
            env_1.error = e_1;
            env_1.hasError = true;
        }
        finally {
            const result_1 = __disposeResources(env_1);
            if (result_1)
                await result_1;
        }
    });
    it("is what its manifest declares, and a drop-in of it is one that systemd knows", async () => {
        expect(settingsOf(smallest)).toEqual(settingsOf(delegationOf(pkg.manifest.token)));
        const { text } = printDropIn(smallest);
        expect(text).toMatch(/^BPFDelegatePrograms=/m);
        expect((await verifiedBySystemd(text)).complaints).toEqual([]);
    });
    it("works when it is applied by hand in a fresh guest, and does not without any one part", async () => {
        const env_2 = { stack: [], error: void 0, hasError: false };
        try {
            const fresh = __addDisposableResource(env_2, await testbench(id), true);
            const { client } = await fresh.workbench.guest();
            expect(await byHand(client, pkg, smallest)).toEqual([]);
            for (const grant of grantsOf(smallest))
                expect(await byHand(client, pkg, without(smallest, grant)), grantName(grant)).not.toEqual([]);
        }
        catch (e_2) {
            env_2.error = e_2;
            env_2.hasError = true;
        }
        finally {
            const result_2 = __disposeResources(env_2);
            if (result_2)
                await result_2;
        }
    });
});
/**
 * What an administrator and a user do without bpfgate: a bpffs with the options as they are printed
 * on /sys/fs/bpf of the user's mount namespace, a user with those capabilities, and libbpf, which
 * looks there by itself.
 *
 * @returns what was refused
 */
async function byHand(client, pkg, delegation) {
    const options = Object.fromEntries(printMountOptions(delegation)
        .split(",")
        .map((option) => option.split("=")));
    const who = { uid: 1000, gid: 1000 };
    const { user: owner } = await client.call("user_start", { ...who, unshare: ["user", "mnt", "net"] });
    try {
        await mountToken(client, { user: owner, options, path: "/sys/fs/bpf" });
        const capabilities = delegation.capabilities.map((name) => name.toUpperCase());
        const { user } = await client.call("user_start", { ...who, join: owner, capabilities });
        try {
            return await loadAndAttach(client, client.as(user), pkg);
        }
        finally {
            await client.call("close", { handle: user });
        }
    }
    finally {
        await client.call("close", { handle: owner });
    }
}
/**
 * Those too that libbpf leaves out unless it is told to load them, since the package has vectors of
 * them.
 */
async function loadAndAttach(client, as, { objects }) {
    const refused = [];
    for (const { file, bytes, programs } of objects) {
        const path = `/run/${file}`;
        await client.call("file_write", { path, data: bytes });
        const loading = programs.map(({ name }) => ({ name, autoload: true }));
        const { object } = await as.call("object_open", { path, programs: loading });
        const loaded = await as.call("object_load", { object, log_level: 0, log_bytes: 4096 });
        if (loaded.errno !== 0)
            refused.push(`${file}: ${loaded.log}`);
        else
            for (const { name: program } of programs)
                try {
                    const { link } = await as.call("attach", { object, program, hook: "auto", ...places[program] });
                    await as.call("detach", { link });
                }
                catch (error) {
                    if (!(error instanceof GuestError))
                        throw error;
                    refused.push(`${program}: ${error.what}: ${error.errnoName}`);
                }
        await as.call("object_close", { object });
    }
    return refused;
}
