// SPDX-License-Identifier: Apache-2.0
#ifndef BPFGATE_FD_SOCKET_H
#define BPFGATE_FD_SOCKET_H

/* Sends a file descriptor over a unix socket (SCM_RIGHTS, unix(7)). 0 or a negative errno. */
int fd_socket_send(int socket, int fd);

/* Receives a file descriptor that was sent, without waiting. A negative errno if there is none. */
int fd_socket_receive(int socket);

#endif
