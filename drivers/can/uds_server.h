#ifndef DRIVERS_CAN_UDS_SERVER_H
#define DRIVERS_CAN_UDS_SERVER_H

#include "bench/core/buf.h"
#include "bench/core/wire/canbus.h"
#include "bench/core/wire/tp.h"

/*
 * The other side of UDS, for emulated modules: what one answers, and a node of a modelled bus that does.
 *
 * It knows sessions (10: default and extended, which ends 5 s after the last request), tester present (3E), identifiers
 * (22: F18C, F191, F189, F190, F186), and one routine (31 01 0203), in the extended session only, which takes
 * UDS_ROUTINE_NS and says so (response pending). Everything else it refuses.
 *
 * Source: ISO 14229-1, ISO 14229-2 (S3: 5 s).
 */
#define UDS_ROUTINE_NS 200000000
#define UDS_ANSWER_MAX 64

struct uds_server {
	uint8_t session;  /* 0: as it was made, the default one */
	int64_t heard_ns; /* the latest request */
};

/**
 * What it answers to @request, which came at @now_ns; nothing when it was asked to be silent, or asked nothing.
 *
 * @return how long it takes, ns; when that is more than 0 it says first that it does
 */
int64_t uds_server_answer(struct uds_server *s, struct bytes request, int64_t now_ns,
			  struct buf *out);

struct uds_node;

/** Somebody was answered, or was not. */
typedef void uds_node_fn(void *ctx, int64_t at_ns, bool answered);

/** @param o  as the module has them: it sends answers. @param asked  may be NULL */
int uds_node_new(struct uds_node **out, struct canbus *bus, const struct tp_options *o,
		 uds_node_fn *asked, void *ctx, struct err *err);
void uds_node_free(struct uds_node *n); /* takes NULL; before the bus */

#endif
