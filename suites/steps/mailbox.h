#ifndef SUITES_STEPS_MAILBOX_H
#define SUITES_STEPS_MAILBOX_H

#include "bench/core/attempt.h"
#include "bench/core/conf.h"
#include "fixtures/vehicle/vehicle.h"

/*
 * The parameter `exchange` of transact: what is done in the device's mailboxes, and what is expected of it.
 *
 *	exchange:
 *	  - {write: private, offset: 16, data: 0A 0B}
 *	  - {read: private, offset: 16, length: 2, expect: 0A 0B}
 *	  - {set: confidential, offset: 0, length: 8, value: "00", apart: yes}
 *	  - {read: private, offset: 1024, length: 1, answer: range}
 *	  - {host: C0 01 00}
 */
enum mailbox_answer {
	ANSWER_DONE,
	ANSWER_RANGE,
	ANSWER_MALFORMED,
	ANSWER_ANY
};

struct mailbox_list {
	int count;
	struct errand errands[ERRANDS_MAX];
	struct {
		struct bytes expect; /* of a read; .data NULL: anything */
		enum mailbox_answer answer;
	} wants[ERRANDS_MAX];
};

/** From the node of the suite file, whose bytes are borrowed; the absent node is an empty list. */
int mailbox_list_bind(struct mailbox_list *out, struct node list, struct err *err);
/** Complain of the first operation that was not answered as the list wants. After a finished transaction. */
void mailbox_list_judge(const struct mailbox_list *list, const struct vehicle *v,
			struct attempt *a);

#endif
