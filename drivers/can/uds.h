#ifndef DRIVERS_CAN_UDS_H
#define DRIVERS_CAN_UDS_H

#include "bench/core/buf.h"
#include "bench/core/err.h"

/*
 * Unified diagnostic services, as far as a module says who it is: ReadDataByIdentifier. Pure.
 *
 * Source: ISO 14229-1 (service 22, negative response 7F, response code 78; identifiers F18C, F191, F195, F189).
 */
struct uds_identifier {
	uint16_t id;
	const char *name; /* "serial", "hardware", "software supplier's", "software" */
};
/** What an identity is made of, in this order; ended by a name NULL. */
extern const struct uds_identifier uds_identity[];

enum uds_answer {
	UDS_VALUE,
	UDS_PENDING, /* it will answer later: wait on */
	UDS_REFUSED, /* it does not tell */
	UDS_OTHER    /* the answer to something else, or none at all */
};

/** The request for @id: three bytes. */
void uds_ask(uint16_t id, struct buf *out);
/** @param value  out, with UDS_VALUE: borrowed from @answer. @param code  out, with UDS_REFUSED */
enum uds_answer uds_read(struct bytes answer, uint16_t id, struct bytes *value,
			 uint8_t *code);
/** What a module answers to @request when identifier @i of uds_identity has the text @values[i]; NULL: unknown. */
void uds_serve(struct bytes request, const char *const *values, struct buf *out);
/** Appended: as text when it is one, else in hex; cut to what fits. */
void uds_value_text(struct bytes value, char *out, size_t size);

/** "7E0:7E8", "18DA00F1:18DAF100": whom to ask, who answers. Flags as the kernel has them. ERR_FORMAT */
int uds_pair(const char *text, uint32_t *request, uint32_t *answer);

#endif
