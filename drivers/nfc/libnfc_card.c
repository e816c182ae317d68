/*
 * A card through libnfc 1.8.0: a PN532 in target mode that answers RATS and speaks ISO-DEP by itself.
 *
 * Stamps. .activated_ns and .received_ns are the moments after libnfc's return: what is in our hands.
 * .answered_ns is the moment before the call plus the time of the command frame on a UART (an
 * answer of R bytes is R + 9 on the line), as a reader's .sent_ns. The slack is the reader's.
 *
 * Traps handled here, besides those of libnfc_port.h: a reader that does not come and a chip that does not
 * answer are the same NFC_ETIMEOUT (seen: -6 with the text "Success"; by the source a listen in vain
 * may also return 0, the chip put to sleep), and are told apart by the 50 ms that a UART's timeout
 * costs only after an ACK; status 29 ends the session and is no error; the first byte of the UID is 08
 * and its length 4 whatever we ask; of an ATS only the historical bytes are ours.
 */
#include "drivers/card.h"
#include "drivers/nfc/libnfc_port.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define PICC_FSC 64 /* the chip's own ATS: FSCI 5 */
#define MAX_COMMAND 264
#define LATE_NS (40 * NS_PER_MS)

struct libnfc_card_options {
	struct libnfc_options port; /* first */
	struct bytes uid;
	struct bytes historical;
};

struct libnfc_card {
	struct card base;
	struct libnfc port;
	uint8_t uid[4];
	uint8_t historical[15];
	size_t historical_len;
	bool active;  /* a reader has activated us and did not let go yet */
	bool waiting; /* a command waits for its answer */
	bool target;  /* the chip is, or was, made a card: it must be told to be none */
};

static const struct card_ops libnfc_card_ops;

static struct libnfc_card *card_of(struct card *c)
{
	assert(c->ops == &libnfc_card_ops);
	return (struct libnfc_card *)c;
}

static int set_up(struct libnfc *n, struct err *err)
{
	(void)n;
	(void)err;
	return 0; /* the chip sleeps until it is asked to be a card */
}

/* What the chip shall be; libnfc takes the historical bytes out of an ATS that looks like one. */
static void describe(const struct libnfc_card *n, nfc_target *t)
{
	nfc_iso14443a_info *a = &t->nti.nai;

	memset(t, 0, sizeof(*t));
	t->nm.nmt = NMT_ISO14443A;
	t->nm.nbr = NBR_UNDEFINED;
	a->abtAtqa[1] = 0x04;
	memcpy(a->abtUid, n->uid, sizeof(n->uid));
	a->szUidLen = sizeof(n->uid);
	a->btSak = 0x20;
	memcpy(a->abtAts, "\x75\x33\x92\x03", 4);
	memcpy(a->abtAts + 4, n->historical, n->historical_len);
	a->szAtsLen = 4 + n->historical_len;
}

/* A chip that acknowledged and then waited in vain costs 50 ms more than was asked for, on a UART. */
static bool in_time(const struct libnfc_card *n, int64_t called_ns, int64_t timeout_ns)
{
	return !n->port.usb &&
	       clock_now(n->base.clock) - called_ns < timeout_ns + LATE_NS;
}

static int listen_once(struct libnfc_card *n, int64_t timeout_ns, bool *activated,
		       struct err *err)
{
	int64_t called = clock_now(n->base.clock);
	uint8_t first[MAX_COMMAND];
	nfc_target target;
	int res;

	describe(n, &target);
	n->target = true;
	res = libnfc_checked(
		&n->port, nfc_target_init(n->port.device, &target, first, sizeof(first),
					  libnfc_timeout_ms(&n->port, timeout_ns)));
	*activated = res >= 0 && (n->port.usb || in_time(n, called, timeout_ns));
	if (res == NFC_ETIMEOUT && !in_time(n, called, timeout_ns))
		return 0;
	if (res < 0 && res != NFC_ETGRELEASED)
		return libnfc_fail(&n->port, res, "listening for a reader", err);
	return 0;
}

static int libnfc_listen(struct card *c, struct card_listen *l, struct err *err)
{
	struct libnfc_card *n = card_of(c);
	bool activated = false;
	int rc = libnfc_check_open(&n->port, err);

	if (rc)
		return rc;
	n->active = n->waiting = false;
	rc = listen_once(n, l->timeout_ns, &activated, err);
	if (rc)
		return rc;
	l->activated_ns = clock_now(c->clock);
	l->slack_ns = n->port.slack_ns;
	l->result = activated ? CARD_OK : CARD_NO_READER;
	n->active = activated;
	return 0;
}

/*
 * What a negative result means for the session. @in_time: too soon for a chip that acknowledged and then
 * waited for its reader: it is the chip itself that does not answer.
 */
static int ended(struct libnfc_card *n, int res, bool in_time, const char *doing,
		 enum card_result *result, char note[80], struct err *err)
{
	snprintf(note, 80, "%s", nfc_strerror(n->port.device));
	switch (res) {
	case NFC_ETGRELEASED:
		n->active = n->waiting = false;
		*result = CARD_RELEASED;
		return 0;
	case NFC_ERFTRANS:
		*result = CARD_RF_ERROR;
		return 0;
	case NFC_ETIMEOUT:
		if (in_time)
			return libnfc_fail(&n->port, res, doing, err);
		*result = CARD_NO_COMMAND;
		return 0;
	default:
		return libnfc_fail(&n->port, res, doing, err);
	}
}

static int libnfc_receive(struct card *c, struct card_receive *x, struct err *err)
{
	struct libnfc_card *n = card_of(c);
	uint8_t command[MAX_COMMAND];
	int64_t called = clock_now(c->clock);
	int rc = libnfc_check_open(&n->port, err), res;

	if (rc)
		return rc;
	if (!n->active)
		return err_set(err, ERR_USAGE, "no reader has activated us");
	res = libnfc_checked(
		&n->port,
		nfc_target_receive_bytes(n->port.device, command, sizeof(command),
					 libnfc_timeout_ms(&n->port, x->timeout_ns)));
	x->received_ns = clock_now(c->clock);
	x->slack_ns = n->port.slack_ns;
	if (res < 0)
		return ended(n, res, in_time(n, called, x->timeout_ns),
			     "receiving a command", &x->result, x->note, err);
	x->result = CARD_OK;
	n->waiting = true;
	buf_add(x->command, BYTES(command, (size_t)res));
	if (x->command->failed)
		return err_set(err, ERR_RANGE, "no room for a command of %d bytes", res);
	return 0;
}

static int libnfc_answer(struct card *c, struct card_answer *x, struct err *err)
{
	struct libnfc_card *n = card_of(c);
	int rc = libnfc_check_open(&n->port, err), res;
	int64_t now, called = clock_now(c->clock);

	if (rc)
		return rc;
	if (!n->waiting)
		return err_set(err, ERR_USAGE, "no command waits for an answer");
	n->waiting = false;
	res = libnfc_checked(
		&n->port,
		nfc_target_send_bytes(n->port.device, x->answer.data, x->answer.len,
				      libnfc_timeout_ms(&n->port, x->timeout_ns)));
	now = clock_now(c->clock);
	x->answered_ns = called + libnfc_line_ns(&n->port, x->answer.len, 9);
	if (x->answered_ns > now)
		x->answered_ns = now;
	x->slack_ns = n->port.slack_ns;
	if (res < 0)
		return ended(n, res, true, "sending an answer", &x->result, x->note, err);
	x->result = CARD_OK;
	return 0;
}

static int hide(struct libnfc_card *n, struct err *err)
{
	int res;

	n->active = n->waiting = false;
	if (!n->target)
		return 0;
	n->target = false;
	res = libnfc_checked(&n->port, nfc_idle(n->port.device));
	return res < 0 ? libnfc_fail(&n->port, res, "being a card no more", err) : 0;
}

/* The reader has let go when a receive says so; what it says instead is dropped. */
static int libnfc_let_go(struct card *c, struct card_release *x, struct err *err)
{
	struct libnfc_card *n = card_of(c);
	uint8_t command[MAX_COMMAND];
	char note[80];
	int64_t called = clock_now(c->clock);
	int rc = libnfc_check_open(&n->port, err), res;

	if (rc)
		return rc;
	x->result = n->active ? CARD_NO_COMMAND : CARD_RELEASED;
	if (n->active && x->timeout_ns > 0) {
		res = nfc_target_receive_bytes(
			n->port.device, command, sizeof(command),
			libnfc_timeout_ms(&n->port, x->timeout_ns));
		if (res >= 0)
			x->result = CARD_OK;
		else
			rc = ended(n, res, in_time(n, called, x->timeout_ns),
				   "waiting for the reader to let go", &x->result, note,
				   err);
	}
	x->released_ns = clock_now(c->clock);
	x->slack_ns = n->port.slack_ns;
	return rc ? rc : hide(n, err);
}

/* In libnfc: on a UART close() and pipe(), on USB a flag; both may run in a signal handler. */
static int libnfc_abort(struct card *c, struct err *err)
{
	struct libnfc_card *n = card_of(c);

	if (n->port.device && nfc_abort_command(n->port.device) < 0)
		return err_set(err, ERR_IO, "abort");
	return 0;
}

static int libnfc_identity(struct card *c, struct card_identity *id, struct err *err)
{
	struct libnfc_card *n = card_of(c);
	int rc = libnfc_check_open(&n->port, err);

	if (rc)
		return rc;
	memset(id, 0, sizeof(*id));
	libnfc_describe(&n->port, id->model, id->link, id->software);
	id->fsc = PICC_FSC;
	id->simulated = n->port.simulated;
	return 0;
}

static int reopen(struct card *c, struct err *err)
{
	struct libnfc_card *n = card_of(c);

	n->active = n->waiting = n->target = false;
	return libnfc_reopen(&n->port, err);
}

static void close_card(struct card *c)
{
	struct libnfc_card *n = card_of(c);

	libnfc_release(&n->port);
	free(n);
}

static int open_card(struct card **out, const void *options, struct clock *clock,
		     struct err *err)
{
	const struct libnfc_card_options *o = options;
	struct libnfc_card *n = calloc(1, sizeof(*n));
	int rc;

	if (!n)
		return err_set(err, ERR_NOMEM, "card");
	n->base = (struct card){ &libnfc_card_ops, clock };
	n->port.clock = clock;
	n->port.set_up = set_up;
	n->port.as_card = true;
	n->uid[0] = 0x08;
	memcpy(n->uid + 1, o->uid.data, sizeof(n->uid) - 1);
	n->historical_len = o->historical.len;
	memcpy(n->historical, o->historical.data, o->historical.len);
	rc = libnfc_open(&n->port, &o->port, err);
	if (rc) {
		free(n);
		return err_wrap(err, rc, "opening the card %.200s", o->port.device);
	}
	*out = &n->base;
	return 0;
}

static const struct card_ops libnfc_card_ops = {
	.listen = libnfc_listen,
	.receive = libnfc_receive,
	.answer = libnfc_answer,
	.release = libnfc_let_go,
	.abort = libnfc_abort,
	.identity = libnfc_identity,
	.reopen = reopen,
	.close = close_card,
};

static const struct conf_item items[] = {
	LIBNFC_ITEMS,
	{ .key = "uid",
	  .type = CONF_HEX,
	  .offset = offsetof(struct libnfc_card_options, uid),
	  .fallback = "11 22 33",
	  .help = "what follows the 08 that every UID of this chip begins with",
	  .min = 3,
	  .max = 3 },
	{ .key = "historical",
	  .type = CONF_HEX,
	  .offset = offsetof(struct libnfc_card_options, historical),
	  .fallback = "80",
	  .help = "bytes of the ATS that say what card it is; the rest is the chip's",
	  .min = 1,
	  .max = 15 },
	{ 0 },
};

extern const struct card_driver libnfc_card_driver;
const struct card_driver libnfc_card_driver = {
	.name = "libnfc",
	.summary = "PN532 in target mode, through libnfc",
	.needs_worker = true,
	.items = items,
	.options_size = sizeof(struct libnfc_card_options),
	.open = open_card,
};
