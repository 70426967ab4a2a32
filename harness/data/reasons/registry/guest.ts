// SPDX-License-Identifier: Apache-2.0
import { defineReasons } from "./define.js";

/** What happens to guests: lost ones, panics, the kernel's log, leftovers. */
export const guestReasons = defineReasons({});
