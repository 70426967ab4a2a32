// SPDX-License-Identifier: Apache-2.0
import { defineReasons } from "./define.js";

/** What the signature check and its lint say of signed loaders. */
export const signatureReasons = defineReasons({});
