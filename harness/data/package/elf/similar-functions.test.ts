// SPDX-License-Identifier: Apache-2.0
import { expect, it } from "vitest";
import { similarFunctions } from "./similar-functions.js";

const functions = [
	"main",
	"work",
	"work.isra.0",
	"_ZN3app4workEv",
	"_ZN3app8homeworkEv",
	"_RNvCs1_3app4work",
	"handle_request",
	"read@@V2",
];

it.each([
	["handle_requests", ["handle_request"]],
	["hande_request", ["handle_request"]],
	["hanlde_request", ["handle_request"]],
	["Handle_Request", ["handle_request"]],
	["app::work", ["work", "work.isra.0", "_ZN3app4workEv", "_RNvCs1_3app4work"]],
	["work.constprop.1", ["work", "work.isra.0", "_ZN3app4workEv", "_RNvCs1_3app4work"]],
	["read+0x10", ["read@@V2"]],
	["handle_reply", []],
	["mian*", []],
	["", []],
])("finds what %s became", (wanted, found) => {
	expect(similarFunctions(functions, wanted)).toEqual(found);
});
