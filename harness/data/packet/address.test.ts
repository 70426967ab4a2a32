// SPDX-License-Identifier: Apache-2.0
import { expect, it } from "vitest";
import { formatIpv6, parseIpv4, parseIpv6, parseMac } from "./address.js";

it.each([
	["2001:DB8:0:0:1:0:0:1", "2001:db8::1:0:0:1"],
	["2001:db8:0:1:1:1:1:1", "2001:db8:0:1:1:1:1:1"],
	["1:0:0:2:0:0:0:3", "1:0:0:2::3"],
	["::", "::"],
	["1::", "1::"],
	["::1", "::1"],
	["::ffff:192.0.2.1", "::ffff:c000:201"],
	["64:ff9b::198.51.100.7", "64:ff9b::c633:6407"],
])("spells %s as RFC 5952 does", (text, canonical) => {
	expect(formatIpv6(parseIpv6(text)!)).toBe(canonical);
});

it("refuses what is not an address", () => {
	for (const text of ["", "1:2", "::1::", "fe80::1%eth0", "12345::", "1.2.3.4"])
		expect(parseIpv6(text)).toBeUndefined();
	for (const text of ["1.2.3", "1.2.3.256", "::1", "01.2.3.4"]) expect(parseIpv4(text)).toBeUndefined();
	for (const text of ["", "02:00:00:00:00", "02-00-00-00-00-01", "0g:00:00:00:00:00"])
		expect(parseMac(text)).toBeUndefined();
});
