// SPDX-License-Identifier: Apache-2.0
#include "sock_address.h"

#include <string.h>

bool sock_address_of(struct sock_address *address, const struct bytes *bytes, uint16_t port)
{
	memset(address, 0, sizeof(*address));
	if (bytes->length == 4) {
		address->ipv4.sin_family = AF_INET;
		address->ipv4.sin_port = htons(port);
		memcpy(&address->ipv4.sin_addr, bytes->data, 4);
		address->length = sizeof(address->ipv4);
	} else if (bytes->length == 16) {
		address->ipv6.sin6_family = AF_INET6;
		address->ipv6.sin6_port = htons(port);
		memcpy(&address->ipv6.sin6_addr, bytes->data, 16);
		address->length = sizeof(address->ipv6);
	}
	return address->length > 0;
}
