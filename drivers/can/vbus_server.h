#ifndef DRIVERS_CAN_VBUS_SERVER_H
#define DRIVERS_CAN_VBUS_SERVER_H

#include "bench/core/clock.h"
#include "bench/core/wire/canbus.h"

/*
 * The host of a virtual bus: other processes are its nodes, over a SOCK_SEQPACKET socket at a path.
 *
 * It lives in somebody's poll loop: watch vbus_server_fd, wake up at vbus_server_next_ns, and in either
 * case call vbus_server_run. Frames carry the time the model gives them, however late the loop is.
 * A node that does not read loses frames, and is told how many; one that sends nonsense is thrown out.
 */
struct vbus_server;

/**
 * @param path   where the socket is made; a dead one that lies there is replaced. At most 107 characters.
 *               Only this user may connect.
 * @param clock  the bench clock, of which the nodes' stamps are
 * @return 0; ERR_IO (the path, or somebody hosts a bus there); ERR_RANGE the path is too long
 */
int vbus_server_open(struct vbus_server **out, const char *path, int64_t bitrate,
		     struct clock *clock, struct err *err);
void vbus_server_close(struct vbus_server *s); /* takes NULL; removes the socket */

/** Readable when there is something to do. Never changes. */
int vbus_server_fd(const struct vbus_server *s);
/** On the bench clock; CANBUS_NEVER: wait for the descriptor alone. */
int64_t vbus_server_next_ns(const struct vbus_server *s);
void vbus_server_run(struct vbus_server *s);

/**
 * The bus itself, to attach nodes that live in this process. Call vbus_server_run, or at least ask
 * vbus_server_next_ns again, after a canbus_send.
 */
struct canbus *vbus_server_model(struct vbus_server *s);
int vbus_server_node_count(const struct vbus_server *s); /* connected processes */
/** Frames that nodes missed because they did not read, of all nodes so far. */
uint64_t vbus_server_lost(const struct vbus_server *s);

#endif
