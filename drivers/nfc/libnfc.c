/*
 * Readers through libnfc 1.8.0, as initiator. Lives in a worker: libnfc may abort() (a chip's status with
 * bit 7), and may wait for ever.
 *
 * Stamps. libnfc shows neither the write nor the first byte back, so .sent_ns is the moment before the
 * call plus the time the command frame takes on a UART: a command of C bytes is C + 10 on the line
 * (preamble 1, start 2, length 2, TFI, code, target, checksum, postamble), + 3 in an extended
 * frame. .answered_ns is the moment after the return. The slack says what may lie between those and the
 * truth: our way through libnfc (a flush before, five reads behind), one byte on the line, and what
 * a USB adapter holds back, once for the chip's ACK and once for its answer. On USB there is no line time
 * and the slack is one polling interval each way.
 *
 * An annotation (a frame that nobody answers) goes out as InCommunicateThru between two polls. The chip's own poll has
 * left it at seven bits a byte, and libnfc, which did not send that poll, believes otherwise and would not put it right: a
 * REQA of our own comes first, which libnfc knows to have seven bits, so that it writes the register for the next
 * frame. The wait for an answer is shortened from 52 ms to 2 ms meanwhile; all of it is as it was before the next poll.
 *
 * Traps handled here, besides those of libnfc_port.h: at most 261 bytes out (263 overrun its stack)
 * and 264 for the answer; only the select at 106 kbit/s, because speed changes and automatic
 * polling wait for ever.
 */
#include "bench/core/wire/crc.h"
#include "drivers/nfc/libnfc_port.h"
#include "drivers/reader.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define FIELD_PAUSE_NS \
	(5 * NS_PER_MS + 100 * NS_PER_US) /* ISO/IEC 14443-3: 5 ms; NFC Forum: 5.1 ms */
#define MAX_ANSWER 264
/* The PN53x's automatic RATS is E0 50, FSDI 5: seen in field traces, not in a manual. */
#define AUTO_RATS_FSD 64
#define REQA 0x26
#define ANNOTATION_WAIT_MS 2 /* nobody answers */
#define DEFAULT_WAIT_MS 52   /* NP_TIMEOUT_COM as libnfc 1.8.0 opens a PN53x */

struct libnfc_reader {
	struct reader base;
	struct libnfc port;
	int64_t off_since_ns; /* the field is off since then; 0 while it is on */
	bool activated;
};

static const struct reader_ops libnfc_ops;

static struct libnfc_reader *libnfc_of(struct reader *r)
{
	assert(r->ops == &libnfc_ops);
	return (struct libnfc_reader *)r;
}

static int set_up(struct libnfc *n, struct err *err)
{
	static const struct {
		nfc_property property;
		bool on;
		const char *doing;
	} wanted[] = {
		{ NP_INFINITE_SELECT, false, "bounding the poll" },
		{ NP_AUTO_ISO14443_4, true, "asking for automatic RATS" },
		{ NP_HANDLE_CRC, true, "asking for CRC" },
		{ NP_EASY_FRAMING, true, "asking for easy framing" },
		{ NP_ACTIVATE_FIELD, false, "switching the field off" },
	};
	int res = libnfc_checked(n, nfc_initiator_init(n->device));

	if (res < 0)
		return libnfc_fail(n, res, "becoming an initiator", err);
	for (size_t i = 0; i < sizeof(wanted) / sizeof(*wanted); i++) {
		int rc = libnfc_set_property(n, wanted[i].property, wanted[i].on,
					     wanted[i].doing, err);

		if (rc)
			return rc;
	}
	return 0;
}

static int libnfc_set_field(struct reader *r, bool on, struct err *err)
{
	struct libnfc_reader *n = libnfc_of(r);
	int rc = libnfc_check_open(&n->port, err);

	if (rc)
		return rc;
	if (on && n->off_since_ns)
		r->clock->sleep_until(r->clock, n->off_since_ns + FIELD_PAUSE_NS);
	rc = libnfc_set_property(&n->port, NP_ACTIVATE_FIELD, on,
				 on ? "field on" : "field off", err);
	if (rc)
		return rc;
	if (!on) {
		n->activated = false;
		n->off_since_ns = clock_now(r->clock);
		return 0;
	}
	n->off_since_ns = 0;
	r->clock->sleep_until(r->clock, clock_now(r->clock) + FIELD_PAUSE_NS);
	return 0;
}

static void take_card(struct reader_card *card, const nfc_iso14443a_info *a)
{
	memset(card, 0, sizeof(*card));
	card->uid_len = (uint8_t)(a->szUidLen < sizeof(card->uid) ? a->szUidLen
								  : sizeof(card->uid));
	memcpy(card->uid, a->abtUid, card->uid_len);
	memcpy(card->atqa, a->abtAtqa, sizeof(card->atqa));
	card->sak = a->btSak;
	card->ats_len = (uint8_t)(a->szAtsLen < sizeof(card->ats) ? a->szAtsLen
								  : sizeof(card->ats));
	memcpy(card->ats, a->abtAts, card->ats_len);
}

/* Raw frames, bits and CRC as they are given, and no long wait; or back to what a select needs. */
static int set_raw(struct libnfc *n, bool raw, struct err *err)
{
	int rc = libnfc_set_property(n, NP_EASY_FRAMING, !raw, "framing", err), res;

	if (!rc)
		rc = libnfc_set_property(n, NP_HANDLE_CRC, !raw, "CRC", err);
	if (rc)
		return rc;
	res = libnfc_checked(n, nfc_device_set_property_int(n->device, NP_TIMEOUT_COM,
							    raw ? ANNOTATION_WAIT_MS
								: DEFAULT_WAIT_MS));
	return res < 0 ? libnfc_fail(n, res, "the wait for an answer", err) : 0;
}

/* @return 0, or what is wrong with the reader: that nobody answers is what is expected */
static int sent_raw(struct libnfc *n, int res, struct err *err)
{
	res = libnfc_checked(n, res);
	switch (res) {
	case NFC_EIO:
	case NFC_EOPABORTED:
	case NFC_ESOFT:
	case NFC_EDEVNOTSUPP:
	case NFC_EINVARG:
		return libnfc_fail(n, res, "annotating the polling", err);
	default:
		return 0;
	}
}

/* The frame of @a between two polls, unless somebody answers our own REQA: the next poll will find it. */
static int annotate(struct libnfc *n, const struct reader_activation *a, struct err *err)
{
	static const uint8_t reqa = REQA;
	uint8_t frame[READER_MAX_ANNOTATION + 2], answer[MAX_ANSWER];
	struct buf b = BUF_ON(frame);
	uint16_t crc = crc_a(BYTES(a->annotation, a->annotation_len));
	int rc = set_raw(n, true, err), undo, res = 0;

	if (rc)
		return rc;
	buf_add(&b, BYTES(a->annotation, a->annotation_len));
	buf_u8(&b, (uint8_t)crc);
	buf_u8(&b, (uint8_t)(crc >> 8));
	res = nfc_initiator_transceive_bits(n->device, &reqa, 7, NULL, answer,
					    sizeof(answer), NULL);
	rc = sent_raw(n, res, err);
	if (!rc && res <= 0)
		rc = sent_raw(n,
			      nfc_initiator_transceive_bytes(
				      n->device, frame, b.len, answer, sizeof(answer),
				      libnfc_timeout_ms(n, 100 * NS_PER_MS)),
			      err);
	undo = set_raw(n, false, rc ? NULL : err);
	return rc ? rc : undo;
}

/* Between two polls. */
static int wait_for_next(struct libnfc_reader *n, const struct reader_activation *a,
			 int64_t deadline, struct err *err)
{
	struct clock *clock = n->base.clock;
	int64_t next = a->started_ns + a->period_ns;
	int rc = a->annotation_len ? annotate(&n->port, a, err) : 0;

	if (next > deadline)
		next = deadline;
	if (!rc && next > clock_now(clock))
		clock->sleep_until(clock, next);
	return rc;
}

static int libnfc_activate(struct reader *r, struct reader_activation *a, struct err *err)
{
	static const nfc_modulation type_a = { .nmt = NMT_ISO14443A, .nbr = NBR_106 };
	struct libnfc_reader *n = libnfc_of(r);
	int64_t deadline = clock_now(r->clock) + a->timeout_ns;
	int rc = libnfc_check_open(&n->port, err);

	if (rc)
		return rc;
	n->activated = false;
	a->slack_ns = n->port.slack_ns;
	a->started_ns = a->activated_ns = clock_now(r->clock);
	a->result = READER_NO_CARD;
	if (n->off_since_ns)
		return 0; /* the chip would raise the field by itself, and find somebody */
	do {
		nfc_target target;
		int res;

		memset(&target, 0, sizeof(target));
		a->started_ns = clock_now(r->clock);
		res = libnfc_checked(&n->port,
				     nfc_initiator_select_passive_target(
					     n->port.device, type_a, NULL, 0, &target));
		a->activated_ns = clock_now(r->clock);
		/* a card torn out half-way, or one without ISO/IEC 14443-4, is not there yet */
		if (res < 0 && res != NFC_ERFTRANS && res != NFC_ETGRELEASED)
			return libnfc_fail(&n->port, res, "polling for a card", err);
		if (res > 0 && (target.nti.nai.btSak & 0x20)) {
			take_card(&a->card, &target.nti.nai);
			a->result = READER_OK;
			n->activated = true;
			return 0;
		}
		rc = wait_for_next(n, a, deadline, err);
	} while (!rc && clock_now(r->clock) < deadline);
	return rc;
}

static int transceive(struct libnfc_reader *n, struct reader_exchange *x, size_t around,
		      struct err *err)
{
	struct clock *clock = n->base.clock;
	uint8_t answer[MAX_ANSWER];
	int64_t called = clock_now(clock);
	int res = nfc_initiator_transceive_bytes(
		n->port.device, x->command.data, x->command.len, answer, sizeof(answer),
		libnfc_timeout_ms(&n->port, x->timeout_ns));

	x->answered_ns = clock_now(clock);
	x->sent_ns = called + libnfc_line_ns(&n->port, x->command.len, around);
	if (x->sent_ns > x->answered_ns)
		x->sent_ns = x->answered_ns;
	x->slack_ns = n->port.slack_ns;
	res = libnfc_checked(&n->port, res);
	if (res >= 0) {
		x->result = READER_OK;
		buf_add(x->answer, BYTES(answer, (size_t)res));
		if (x->answer->failed)
			return err_set(err, ERR_RANGE,
				       "no room for an answer of %d bytes", res);
		return 0;
	}
	/* libnfc hides the chip's status: a card that stays silent (01) is one of its RF errors */
	snprintf(x->note, sizeof(x->note), "%s", nfc_strerror(n->port.device));
	switch (res) {
	case NFC_ERFTRANS:
	case NFC_EMFCAUTHFAIL:
		x->result = READER_RF_ERROR;
		return 0;
	case NFC_ETGRELEASED:
		x->result = READER_RELEASED;
		n->activated = false;
		return 0;
	default:
		return libnfc_fail(&n->port, res, "exchange", err);
	}
}

static int libnfc_exchange(struct reader *r, struct reader_exchange *x, struct err *err)
{
	struct libnfc_reader *n = libnfc_of(r);
	int rc = libnfc_check_open(&n->port, err);

	if (rc)
		return rc;
	if (!n->activated)
		return err_set(err, ERR_USAGE, "no card is activated");
	return transceive(n, x, 10, err);
}

static int libnfc_raw(struct reader *r, struct reader_exchange *x, struct err *err)
{
	struct libnfc_reader *n = libnfc_of(r);
	int rc = libnfc_check_open(&n->port, err), undo;

	if (rc)
		return rc;
	rc = libnfc_set_property(&n->port, NP_EASY_FRAMING, false, "raw framing", err);
	if (rc)
		return rc;
	rc = transceive(n, x, 9, err); /* no target number in front */
	undo = libnfc_set_property(&n->port, NP_EASY_FRAMING, true, "easy framing",
				   rc ? NULL : err);
	return rc ? rc : undo;
}

static int libnfc_deselect(struct reader *r, struct err *err)
{
	struct libnfc_reader *n = libnfc_of(r);
	int rc = libnfc_check_open(&n->port, err), res;

	if (rc || !n->activated)
		return rc;
	n->activated = false;
	res = libnfc_checked(&n->port, nfc_initiator_deselect_target(n->port.device));
	switch (res) {
	case NFC_EIO:
	case NFC_ETIMEOUT:
	case NFC_EOPABORTED:
	case NFC_ESOFT:
	case NFC_EDEVNOTSUPP:
		return libnfc_fail(&n->port, res, "deselect", err);
	default:
		return 0; /* or the chip says that the card is gone already */
	}
}

/* In libnfc: on a UART close() and pipe(), on USB a flag; both may run in a signal handler. */
static int libnfc_abort(struct reader *r, struct err *err)
{
	struct libnfc_reader *n = libnfc_of(r);

	if (n->port.device && nfc_abort_command(n->port.device) < 0)
		return err_set(err, ERR_IO, "abort");
	return 0;
}

static int libnfc_identity(struct reader *r, struct reader_identity *id, struct err *err)
{
	struct libnfc_reader *n = libnfc_of(r);
	int rc = libnfc_check_open(&n->port, err);

	if (rc)
		return rc;
	memset(id, 0, sizeof(*id));
	libnfc_describe(&n->port, id->model, id->link, id->software);
	id->fsd = AUTO_RATS_FSD;
	id->simulated = n->port.simulated;
	return 0;
}

static int reopen(struct reader *r, struct err *err)
{
	struct libnfc_reader *n = libnfc_of(r);

	n->activated = false;
	n->off_since_ns = clock_now(r->clock);
	return libnfc_reopen(&n->port, err);
}

static void libnfc_close(struct reader *r)
{
	struct libnfc_reader *n = libnfc_of(r);

	libnfc_release(&n->port);
	free(n);
}

static int open_reader(struct reader **out, const void *options, struct clock *clock,
		       struct err *err)
{
	const struct libnfc_options *o = options;
	struct libnfc_reader *n = calloc(1, sizeof(*n));
	int rc;

	if (!n)
		return err_set(err, ERR_NOMEM, "reader");
	n->base = (struct reader){ &libnfc_ops, clock };
	n->port.clock = clock;
	n->port.set_up = set_up;
	rc = libnfc_open(&n->port, o, err);
	if (rc) {
		free(n);
		return err_wrap(err, rc, "opening the reader %.200s", o->device);
	}
	n->off_since_ns = clock_now(clock);
	*out = &n->base;
	return 0;
}

static const struct reader_ops libnfc_ops = {
	.set_field = libnfc_set_field,
	.activate = libnfc_activate,
	.exchange = libnfc_exchange,
	.raw = libnfc_raw,
	.deselect = libnfc_deselect,
	.abort = libnfc_abort,
	.identity = libnfc_identity,
	.reopen = reopen,
	.close = libnfc_close,
};

static const struct conf_item items[] = {
	LIBNFC_ITEMS,
	{ 0 },
};

extern const struct reader_driver libnfc_driver;
const struct reader_driver libnfc_driver = {
	.name = "libnfc",
	.summary = "PN532, PN533, ACR122U and others, through libnfc",
	.needs_worker = true,
	.items = items,
	.options_size = sizeof(struct libnfc_options),
	.open = open_reader,
};
