#ifndef DRIVERS_CAN_ISOTP_H
#define DRIVERS_CAN_ISOTP_H

#include "bench/core/buf.h"
#include "bench/core/err.h"
#include "bench/core/wire/tp.h"

#include <stdint.h>

/*
 * The kernel's ISO-TP: messages of up to 4095 bytes between two identifiers of a CAN interface.
 */
#define ISOTP_MAX TP_MAX

struct pump;

/** @return a descriptor; ERR_UNSUPPORTED: the kernel has none; ERR_IO */
int isotp_open(int ifindex, const struct tp_options *o, struct err *err);
int isotp_send(int fd, struct bytes message, struct err *err);
/** @return 0; ERR_TIMEOUT (bench clock); ERR_GONE; ERR_INTERRUPTED. @param pump  may be NULL */
int isotp_receive(int fd, struct buf *message, int64_t deadline_ns, struct pump *pump,
		  struct err *err);

/**
 * Ask a module who it is: "serial X, hardware Y, …", of what it tells.
 *
 * @return 0; ERR_TIMEOUT it does not answer; ERR_UNSUPPORTED it tells nothing, or the kernel has no ISO-TP
 */
int isotp_identity(int ifindex, const struct tp_options *o, struct pump *pump, char *out,
		   size_t size, struct err *err);

#endif
