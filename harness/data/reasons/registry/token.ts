// SPDX-License-Identifier: Apache-2.0
import { defineReasons } from "./define.js";

/** What the token check says of BPF tokens. */
export const tokenReasons = defineReasons({});
