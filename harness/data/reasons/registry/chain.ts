// SPDX-License-Identifier: Apache-2.0
import { defineReasons } from "./define.js";

/** What the chain check says of members and their order. */
export const chainReasons = defineReasons({});
