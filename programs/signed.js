export const signedObject = "udp-quota.bpf.o";
export const signedExamples = [
    { package: "signed-bpftool", suite: "experimental", contract: "insns-maps", lint: [] },
    { package: "signed-previous-contract", suite: "sid", contract: "insns-excl", lint: [] },
    {
        package: "bad-signed-loader",
        contract: "insns",
        lint: ["metadata-not-exclusive", "host-sizes-maps", "host-initial-values"],
    },
];
/** Example packages signed by bpfgate, with that object. */
export const ownSigned = {
    good: "signed-filter",
    tampered: "bad-signed-tampered",
    expired: "bad-signed-expired",
};
