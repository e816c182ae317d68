#ifndef DRIVERS_CAN_UDS_H
#define DRIVERS_CAN_UDS_H

#include "bench/core/buf.h"
#include "bench/core/err.h"
#include "bench/core/wire/tp.h"

/*
 * Unified diagnostic services, as a tester sees them: requests, answers, and what a module says of itself. Pure.
 *
 * Source: ISO 14229-1 (services 10, 22, 3E, negative response 7F, response codes; identifiers F18C, F191, F195, F189),
 * ISO 14229-2 (P2, P2*, S3).
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
/** Appended: as text when it is one, else in hex; cut to what fits. */
void uds_value_text(struct bytes value, char *out, size_t size);

/** What @answer is to a request of @service, whichever. @param code  out, with UDS_REFUSED */
enum uds_answer uds_answer_to(struct bytes answer, uint8_t service, uint8_t *code);
/** A response code in words: "requestOutOfRange"; "" when the standard has none. */
const char *uds_code_text(uint8_t code);

/**
 * "7E0:7E8", "18DA00F1:18DAF100": whom to ask, who answers; in hex, more than three digits are 29 bits. The rest of @o
 * becomes what is usual: classic frames, not filled up. ERR_FORMAT
 */
int uds_pair(const char *text, struct tp_options *o);
/** What the module has where the tester has @o. */
struct tp_options uds_other_side(const struct tp_options *o);

/** How a target is asked. */
struct uds_target {
	struct tp_options tp;
	int64_t p2_ns;      /* from the end of a request to the beginning of its answer */
	int64_t p2_star_ns; /* the same behind an answer that says it takes longer */
};

#endif
