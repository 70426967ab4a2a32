/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Ten members whose names go on from `name`, as MEMBER(name) defines each. */
#define TEN(name)                                                                   \
	MEMBER(name##0) MEMBER(name##1) MEMBER(name##2) MEMBER(name##3) MEMBER(name##4) \
	MEMBER(name##5) MEMBER(name##6) MEMBER(name##7) MEMBER(name##8) MEMBER(name##9)
