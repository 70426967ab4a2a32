// SPDX-License-Identifier: Apache-2.0
/** Mistakes that vectors have to find in a program. */
export const kinds = [
    "verdict swapped",
    "checksum not updated",
    "counter off by one",
    "payload mangled",
];
export const writesNothing = {
    because: "it writes into no packet, as its vectors say, so that there is no checksum to update",
};
/** Turns over a bit of byte `offset` of the packet, in a program of XDP or tc. */
export const mangleXdp = (offset, context = "ctx") => `{ __u8 *byte = (void *)(long)${context}->data + ${offset}; if ((void *)(byte + 1) <= (void *)(long)${context}->data_end) *byte ^= 1; }`;
export const mangleSkb = (offset) => `{ char byte = '*'; bpf_skb_store_bytes(skb, ${offset}, &byte, 1, 0); }`;
