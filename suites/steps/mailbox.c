#include "suites/steps/mailbox.h"

#include <stdio.h>
#include <string.h>

struct raw {
	int mailbox, answer;
	int64_t offset, length;
	struct bytes data, value, expect;
	bool apart;
};

#define AT(field) offsetof(struct raw, field)

static const char *const mailbox_names[] = { "private", "confidential", NULL };
static const char *const answer_names[] = { "done", "range", "malformed", "any", NULL };

#define MAILBOX(key) \
	{ \
		key, CONF_CHOICE, AT(mailbox), NULL, "which mailbox", 0, 0, \
			mailbox_names \
	}
#define OFFSET \
	{ \
		"offset", CONF_INT, AT(offset), NULL, "bytes", 0, 0xffff, NULL \
	}
#define LENGTH \
	{ \
		"length", CONF_INT, AT(length), NULL, "bytes", 0, 0xffff, NULL \
	}
#define COMMON \
	{ "answer", CONF_CHOICE, AT(answer),  "done", "the status that is expected", \
	  0,        0,           answer_names }, \
	{ \
		"apart", CONF_BOOL, AT(apart), "no", \
			"begins an EXCHANGE command of its own", 0, 0, NULL \
	}

static const struct conf_item read_items[] = {
	MAILBOX("read"),
	OFFSET,
	LENGTH,
	{ "expect", CONF_HEX, AT(expect), CONF_ABSENT, "what must be in it", 0, 0xffff,
	  NULL },
	COMMON,
	{ 0 },
};
static const struct conf_item write_items[] = {
	MAILBOX("write"),
	OFFSET,
	{ "data", CONF_HEX, AT(data), NULL, "what is written", 0, 0xffff, NULL },
	COMMON,
	{ 0 },
};
static const struct conf_item set_items[] = {
	MAILBOX("set"),
	OFFSET,
	LENGTH,
	{ "value", CONF_HEX, AT(value), NULL, "what every byte becomes", 1, 1, NULL },
	COMMON,
	{ 0 },
};
static const struct conf_item host_items[] = {
	{ "host", CONF_HEX, AT(data), NULL, "what is handed to the device's host", 1, 200,
	  NULL },
	COMMON,
	{ 0 },
};

static const struct kind {
	const char *key;
	enum exchange_what what;
	const struct conf_item *items;
} kinds[] = {
	{ "read", EXCHANGE_READ, read_items },
	{ "write", EXCHANGE_WRITE, write_items },
	{ "set", EXCHANGE_SET, set_items },
	{ "host", EXCHANGE_HOST, host_items },
};

static const struct kind *kind_of(struct node n)
{
	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
		if (node_present(node_get(n, kinds[i].key)))
			return &kinds[i];
	return NULL;
}

static int bind_one(struct mailbox_list *out, struct node n, struct err *err)
{
	const struct kind *kind = kind_of(n);
	struct raw raw = { 0 };
	int i = out->count;
	int rc;

	if (!kind)
		return node_error(n, err,
				  "exchange: an operation is needed, as in {read: "
				  "private, offset: 0, length: 16}; read, write, set and "
				  "host are");
	rc = conf_bind(n, kind->items, &raw, err);
	if (rc)
		return rc;
	if (raw.expect.data && (int64_t)raw.expect.len != raw.length)
		return node_error(node_get(n, "expect"), err,
				  "expect: %zu bytes, but %lld are read", raw.expect.len,
				  (long long)raw.length);
	if (raw.expect.data && raw.answer != ANSWER_DONE)
		return node_error(node_get(n, "expect"), err,
				  "expect: a read that is refused has no data");
	out->errands[i] = (struct errand){
		.op = { .what = kind->what,
			.mailbox = (enum mailbox)raw.mailbox,
			.offset = (uint16_t)raw.offset,
			.length = (uint16_t)raw.length,
			.data = raw.data,
			.value = raw.value.len ? raw.value.data[0] : 0 },
		.apart = raw.apart,
	};
	out->wants[i].expect = raw.expect;
	out->wants[i].answer = (enum mailbox_answer)raw.answer;
	out->count++;
	return 0;
}

/* What no vehicle could carry out: found when the suite is read, not in the middle of a run. */
static int check_amount(const struct mailbox_list *list, struct node at, struct err *err)
{
	size_t back = 0, written = 0;

	for (int i = 0; i < list->count; i++) {
		const struct exchange_op *op = &list->errands[i].op;

		back += op->what == EXCHANGE_READ ? op->length : 0;
		written += op->what == EXCHANGE_WRITE ? op->data.len : 0;
	}
	if (back > ERRANDS_MAX_BACK || written > ERRANDS_MAX_BACK)
		return node_error(
			at, err,
			"exchange: more than %d bytes read or written in one transaction",
			ERRANDS_MAX_BACK);
	return 0;
}

int mailbox_list_bind(struct mailbox_list *out, struct node list, struct err *err)
{
	int rc = 0;

	out->count = 0;
	if (!node_present(list))
		return 0;
	if (!node_is_list(list) || node_count(list) > ERRANDS_MAX)
		return node_error(list, err,
				  "exchange: a list of up to %d operations is needed",
				  ERRANDS_MAX);
	for (int i = 0; !rc && i < node_count(list); i++)
		rc = bind_one(out, node_item(list, i), err);
	return rc ? rc : check_amount(out, list, err);
}

static bool fits(enum mailbox_answer want, uint16_t status, const struct profile *p)
{
	switch (want) {
	case ANSWER_DONE:
		return status == p->exchange.done;
	case ANSWER_RANGE:
		return status == p->exchange.range;
	case ANSWER_MALFORMED:
		return status == p->exchange.malformed;
	default:
		return true;
	}
}

/* Where two contents of one length begin to differ. */
static size_t first_difference(struct bytes a, struct bytes b)
{
	size_t i = 0;

	while (i < a.len && i < b.len && a.data[i] == b.data[i])
		i++;
	return i;
}

static struct bytes some_of(struct bytes b, size_t from)
{
	size_t len = b.len - from;

	return BYTES(b.data + from, len < 8 ? len : 8);
}

void mailbox_list_judge(const struct mailbox_list *list, const struct vehicle *v,
			struct attempt *a)
{
	const struct profile *p = vehicle_profile(v);

	for (int i = 0; i < list->count; i++) {
		const struct errand_result *r = vehicle_exchanged(v, i);
		const struct bytes want = list->wants[i].expect;
		char wanted[20], got[20];
		size_t at;

		if (!r || !r->done) {
			attempt_complain(a, "exchange[%d]: not carried out", i);
		} else if (!fits(list->wants[i].answer, r->status, p)) {
			attempt_complain(a, "exchange[%d]: status %04X, %s was expected",
					 i, r->status,
					 answer_names[list->wants[i].answer]);
		} else if (want.data && !bytes_equal(want, r->data)) {
			at = first_difference(want, r->data);
			attempt_complain(
				a, "exchange[%d]: %s from byte %zu on, %s was expected",
				i, hex_of(some_of(r->data, at), got, sizeof(got)), at,
				hex_of(some_of(want, at), wanted, sizeof(wanted)));
		}
	}
}
