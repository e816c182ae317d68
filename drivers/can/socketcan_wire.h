#ifndef DRIVERS_CAN_SOCKETCAN_WIRE_H
#define DRIVERS_CAN_SOCKETCAN_WIRE_H

#include "bench/core/bytes.h"
#include "bench/core/err.h"
#include "bench/core/wire/canframe.h"

#include <sys/socket.h>

/*
 * What goes between a CAN socket and us, apart from the frames themselves (canframe_to_socket): filters, what
 * comes along with a frame, what error frames say. Pure.
 *
 * Source: linux/can.h, linux/can/raw.h, linux/can/error.h, linux/net_tstamp.h.
 */
struct socketcan_filter { /* as struct can_filter */
	uint32_t id, mask;
};
#define SOCKETCAN_FILTERS 64

/**
 * "110:7FF,200~700,18DAF110:1FFFFFFF": identifier and mask in hex, ':' takes what matches, '~' what does not; more
 * than three digits, or 29 bits, make it an extended one. A frame that any of them takes is heard. Frames of the
 * other kind (11 or 29 bits) never match.
 *
 * @return how many; ERR_FORMAT, or ERR_RANGE: more than SOCKETCAN_FILTERS
 */
int socketcan_filters(struct socketcan_filter out[SOCKETCAN_FILTERS], const char *text);
/** Would the kernel let @f through? No filter lets everything through. */
bool socketcan_passes(const struct socketcan_filter *filters, int count,
		      const struct canframe *f);
/** The filter that takes just this identifier. */
struct socketcan_filter socketcan_only(const struct canframe *f);

/** What came along with a frame; 0: it did not. */
struct socketcan_along {
	int64_t software_ns; /* the kernel's stamp, on the wall clock */
	int64_t hardware_ns; /* the controller's, on its own clock */
	uint32_t
		dropped; /* frames this socket had lost when it came, since it was made; wraps */
	bool has_dropped;
};
void socketcan_along(struct socketcan_along *out, struct msghdr *m);

/* What an error frame can mean for us; bits. */
enum socketcan_trouble {
	SOCKETCAN_BUS_OFF = 1,
	SOCKETCAN_RESTARTED = 2,
	SOCKETCAN_OVERFLOW = 4, /* the controller could not keep what came */
	SOCKETCAN_PASSIVE = 8,
	SOCKETCAN_ACTIVE = 16
};
unsigned socketcan_trouble(const struct canframe *f);
/** In words: "bus-off", "no acknowledge, error passive (tx)". @return @out */
const char *socketcan_error_text(const struct canframe *f, char out[160]);

#endif
