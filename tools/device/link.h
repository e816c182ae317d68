#ifndef TOOLS_DEVICE_LINK_H
#define TOOLS_DEVICE_LINK_H

#include "bench/core/pump.h"
#include "bench/core/wire/vpcd.h"

/*
 * A TCP connection on which messages of bench/core/wire/vpcd.h go both ways.
 *
 * The other side is a stranger: a message that has begun must be whole within LINK_PATIENCE_NS, and must be taken by it
 * within the same time; how long it is silent between messages is the caller's business.
 */
#define LINK_PATIENCE_NS (10 * NS_PER_S)

struct address {
	char host[256], port[8];
};

/**
 * "HOST:PORT", "[::1]:PORT", or "PORT" alone: then the host is 127.0.0.1.
 * @return 0, or ERR_USAGE
 */
int address_parse(struct address *out, const char *text, struct err *err);
/** As it is written. */
const char *address_text(const struct address *a, char out[280]);

/** @return a listening socket, *port the one it has (0 in the address: any); or ERR_IO */
int address_listen(int *fd, const struct address *a, int *port, struct err *err);

struct link {
	int fd; /* -1: not connected */
	struct pump *pump;
	uint8_t *in; /* VPCD_MAX_MESSAGE */
	size_t in_len, taken;
	int64_t begun_ns; /* the message at the front did; 0: there is none */
};

int link_init(struct link *l, struct pump *pump, struct err *err);
void link_release(struct link *l);

/** ERR_GONE: nobody listens there; ERR_IO: there is no such host; ERR_INTERRUPTED. */
int link_connect(struct link *l, const struct address *a, struct err *err);
/** Wait for one who connects: 0, ERR_TIMEOUT, ERR_INTERRUPTED or ERR_IO. */
int link_accept(struct link *l, int listener, int64_t deadline_ns, struct err *err);
void link_close(struct link *l);

/** One message. 0; ERR_GONE: the other side went away; ERR_TIMEOUT: it does not take it. */
int link_send(struct link *l, struct bytes body, struct err *err);
/**
 * The next message, borrowed until the next call.
 * @return 0; ERR_TIMEOUT: none began until the deadline; ERR_GONE: the other side went away; ERR_IO: it left a message
 *         half said, for LINK_PATIENCE_NS or for ever; ERR_INTERRUPTED
 */
int link_receive(struct link *l, struct bytes *body, int64_t deadline_ns,
		 struct err *err);
/** Has the other side sent something that nobody has taken? */
bool link_has_more(const struct link *l);

#endif
