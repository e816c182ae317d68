/*
 * Readers through PC/SC: pcscd and the driver that it has for them. Lives in a worker.
 *
 * Stamps. .sent_ns is the moment before SCardTransmit, .answered_ns the moment after it. Between them and the air lie
 * pcscd (another process, which also asks the reader every 0.4 s whether the card is there), its driver, USB, and the
 * reader's own program; PC/SC shows nothing of them. So it cannot time the air, and .slack_ns is what the rig's `slack`
 * says: a number of whoever runs the bench.
 *
 * The field is the reader's own: it polls when it likes. Off means that the card has no power and is not looked
 * for; each activation takes the card's power away and gives it again, so that every session is a new one.
 *
 * ATQA is not told (00 00), of the ATS only the historical bytes. In their place stands what a contactless ATR implies: SAK 20,
 * and T0 with FSCI 8, which makes a computed air time the least there can be.
 */
#include "bench/core/wire/atr.h"
#include "drivers/nfc/pcsc_port.h"
#include "drivers/reader.h"

#include <assert.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define FIELD_PAUSE_NS (5 * NS_PER_MS + 100 * NS_PER_US) /* NFC Forum */
#define POWER_NS (3 * NS_PER_S) /* what pcscd may take to power a card */
#define MAX_ANSWER 264
#define T0_FSCI_8 0x08

struct pcsc_options {
	const char *device;
	int64_t slack_ns;
};

struct pcsc_reader {
	struct reader base;
	struct pcsc port;
	int64_t slack_ns;
	bool field;
};

static const struct reader_ops pcsc_ops;

static struct pcsc_reader *pcsc_of(struct reader *r)
{
	assert(r->ops == &pcsc_ops);
	return (struct pcsc_reader *)r;
}

static int drop_card(struct pcsc_reader *p, struct err *err)
{
	pcsc_hurry(&p->port, POWER_NS);
	pcsc_disconnect(&p->port);
	return pcsc_calm(&p->port)
		       ? err_set(err, ERR_TIMEOUT,
				 "pcscd does not come back from powering down")
		       : 0;
}

static int set_field(struct reader *r, bool on, struct err *err)
{
	struct pcsc_reader *p = pcsc_of(r);
	int rc = pcsc_check_open(&p->port, err);

	if (!rc && p->port.connected && !on)
		rc = drop_card(p, err);
	if (rc)
		return rc;
	p->field = on;
	if (on)
		r->clock->sleep_until(r->clock, clock_now(r->clock) + FIELD_PAUSE_NS);
	return 0;
}

/* Until pcscd sees a card that answers. @return 1 there is one, 0 none within the time, or an error */
static int await_card(struct pcsc_reader *p, int64_t deadline_ns, struct err *err)
{
	struct clock *clock = p->base.clock;
	SCARD_READERSTATE state = { .szReader = p->port.name,
				    .dwCurrentState = SCARD_STATE_UNAWARE };

	for (;;) {
		int64_t left = deadline_ns - clock_now(clock);
		LONG res = SCardGetStatusChange(
			p->port.context,
			left > 0 ? (DWORD)((left + NS_PER_MS - 1) / NS_PER_MS) : 0,
			&state, 1);

		if (res != SCARD_S_SUCCESS && res != SCARD_E_TIMEOUT)
			return pcsc_fail(&p->port, res, "looking for a card", err);
		if (state.dwEventState & (SCARD_STATE_UNKNOWN | SCARD_STATE_UNAVAILABLE))
			return err_set(err, ERR_GONE, "pcscd has lost the reader");
		if (state.dwEventState & SCARD_STATE_PRESENT &&
		    !(state.dwEventState & SCARD_STATE_MUTE))
			return 1;
		if (left <= 0)
			return 0;
		state.dwCurrentState = state.dwEventState;
	}
}

/* Whatever these mean: nobody answered the poll, look again. */
static bool is_no_card(LONG res)
{
	return res == SCARD_E_NO_SMARTCARD || res == SCARD_W_REMOVED_CARD ||
	       res == SCARD_W_UNRESPONSIVE_CARD || res == SCARD_W_UNPOWERED_CARD ||
	       res == SCARD_W_RESET_CARD;
}

static LONG power(struct pcsc *p, int64_t *started_ns)
{
	const DWORD protocols = SCARD_PROTOCOL_T0 | SCARD_PROTOCOL_T1;
	LONG res = SCardConnect(p->context, p->name, SCARD_SHARE_EXCLUSIVE, protocols,
				&p->card, &p->protocol);

	*started_ns = clock_now(p->clock);
	if (res != SCARD_S_SUCCESS)
		return res;
	p->connected = true;
	res = SCardReconnect(p->card, SCARD_SHARE_EXCLUSIVE, protocols,
			     SCARD_UNPOWER_CARD, &p->protocol);
	if (res != SCARD_S_SUCCESS)
		pcsc_disconnect(p);
	return res;
}

static LONG transmit(struct pcsc *p, struct bytes command, uint8_t answer[MAX_ANSWER],
		     DWORD *len)
{
	const SCARD_IO_REQUEST *pci =
		p->protocol == SCARD_PROTOCOL_T0 ? SCARD_PCI_T0 : SCARD_PCI_T1;

	*len = MAX_ANSWER;
	return SCardTransmit(p->card, pci, command.data, command.len, NULL, answer, len);
}

static void take_uid(struct pcsc *p, struct reader_card *card)
{
	static const uint8_t get_uid[] = { 0xff, 0xca, 0x00, 0x00, 0x00 };
	uint8_t answer[MAX_ANSWER];
	DWORD len;

	if (transmit(p, BYTES_OF(get_uid), answer, &len) != SCARD_S_SUCCESS || len < 3 ||
	    answer[len - 2] != 0x90 || len - 2 > sizeof(card->uid))
		return;
	card->uid_len = (uint8_t)(len - 2);
	memcpy(card->uid, answer, card->uid_len);
}

static void describe_card(struct pcsc *p, struct reader_card *card)
{
	uint8_t raw[MAX_ATR_SIZE];
	DWORD len = sizeof(raw);
	struct atr atr;

	memset(card, 0, sizeof(*card));
	if (SCardStatus(p->card, NULL, NULL, NULL, NULL, raw, &len) != SCARD_S_SUCCESS ||
	    atr_parse(&atr, BYTES(raw, len)) || !atr.contactless)
		return;
	card->sak = 0x20;
	card->ats[0] = T0_FSCI_8;
	memcpy(card->ats + 1, atr.historical.data, atr.historical.len);
	card->ats_len = (uint8_t)(1 + atr.historical.len);
	take_uid(p, card);
}

/* One look, within pcsc_hurry. */
static int look(struct pcsc_reader *p, struct reader_activation *a, int64_t deadline_ns,
		struct err *err)
{
	int rc = await_card(p, deadline_ns, err);
	LONG res;

	if (rc <= 0)
		return rc;
	res = power(&p->port, &a->started_ns);
	a->activated_ns = clock_now(p->base.clock);
	if (is_no_card(res))
		return 0;
	if (res != SCARD_S_SUCCESS)
		return pcsc_fail(&p->port, res, "powering the card", err);
	describe_card(&p->port, &a->card);
	a->result = READER_OK;
	return 0;
}

static int activate(struct reader *r, struct reader_activation *a, struct err *err)
{
	struct pcsc_reader *p = pcsc_of(r);
	int64_t deadline = clock_now(r->clock) + a->timeout_ns;
	int rc = pcsc_check_open(&p->port, err);

	if (!rc && p->port.connected)
		rc = drop_card(p, err);
	if (rc)
		return rc;
	a->slack_ns = p->slack_ns;
	a->started_ns = a->activated_ns = clock_now(r->clock);
	a->result = READER_NO_CARD;
	if (!p->field)
		return 0;
	pcsc_hurry(&p->port, a->timeout_ns + POWER_NS);
	do {
		rc = look(p, a, deadline, err);
	} while (!rc && a->result != READER_OK && clock_now(r->clock) < deadline);
	if (pcsc_calm(&p->port))
		return err_set(err, ERR_TIMEOUT,
			       "pcscd does not come back from looking for a card");
	return rc;
}

/* The card's or the air's fault: data. Else an error of ours. */
static int take_failure(struct pcsc_reader *p, struct reader_exchange *x, LONG res,
			struct err *err)
{
	snprintf(x->note, sizeof(x->note), "%.60s (%08lX)", pcsc_stringify_error(res),
		 (unsigned long)res & 0xffffffff);
	switch (res) {
	case SCARD_W_REMOVED_CARD:
	case SCARD_E_NO_SMARTCARD:
	case SCARD_W_RESET_CARD:
	case SCARD_W_UNPOWERED_CARD:
		x->result = READER_RELEASED;
		pcsc_disconnect(&p->port);
		return 0;
	case SCARD_E_NOT_TRANSACTED:
	case SCARD_W_UNRESPONSIVE_CARD:
	case SCARD_E_COMM_DATA_LOST:
		x->result = READER_RF_ERROR;
		return 0;
	default:
		return pcsc_fail(&p->port, res, "exchange", err);
	}
}

static int exchange(struct reader *r, struct reader_exchange *x, struct err *err)
{
	struct pcsc_reader *p = pcsc_of(r);
	uint8_t answer[MAX_ANSWER];
	bool aborted;
	DWORD len;
	LONG res;
	int rc = pcsc_check_open(&p->port, err);

	if (rc)
		return rc;
	if (!p->port.connected)
		return err_set(err, ERR_USAGE, "no card is activated");
	pcsc_hurry(&p->port, x->timeout_ns);
	x->sent_ns = clock_now(r->clock);
	res = transmit(&p->port, x->command, answer, &len);
	x->answered_ns = clock_now(r->clock);
	x->slack_ns = p->slack_ns;
	aborted = p->port.aborted;
	if (pcsc_calm(&p->port)) {
		if (aborted)
			return err_set(err, ERR_TIMEOUT, "exchange: aborted");
		/* pcscd is left to it; the next activation has to find out whether it has come back */
		x->result = READER_NO_ANSWER;
		snprintf(x->note, sizeof(x->note),
			 "no answer in time; the connection to pcscd was cut");
		return pcsc_reopen(&p->port, err);
	}
	if (res != SCARD_S_SUCCESS)
		return take_failure(p, x, res, err);
	if (len < 2) { /* some drivers report a card that is gone like that */
		x->result = READER_RF_ERROR;
		snprintf(x->note, sizeof(x->note), "an answer of %lu bytes",
			 (unsigned long)len);
		return 0;
	}
	x->result = READER_OK;
	buf_add(x->answer, BYTES(answer, len));
	return x->answer->failed ? err_set(err, ERR_RANGE, "no room for %lu bytes",
					   (unsigned long)len)
				 : 0;
}

static int raw(struct reader *r, struct reader_exchange *x, struct err *err)
{
	(void)r;
	(void)x;
	return err_set(err, ERR_UNSUPPORTED, "PC/SC has no raw frames");
}

static int deselect(struct reader *r, struct err *err)
{
	struct pcsc_reader *p = pcsc_of(r);
	int rc = pcsc_check_open(&p->port, err);

	return rc || !p->port.connected ? rc : drop_card(p, err);
}

static int abort_call(struct reader *r, struct err *err)
{
	(void)err;
	pcsc_abort(&pcsc_of(r)->port);
	return 0;
}

static int identify(struct reader *r, struct reader_identity *id, struct err *err)
{
	struct pcsc_reader *p = pcsc_of(r);
	int rc = pcsc_check_open(&p->port, err);

	if (rc)
		return rc;
	memset(id, 0, sizeof(*id));
	snprintf(id->model, sizeof(id->model), "%.63s", p->port.name);
	snprintf(id->link, sizeof(id->link), "pcsc:%.58s", p->port.name);
	snprintf(id->software, sizeof(id->software), "pcsc-lite %s",
		 PCSCLITE_VERSION_NUMBER);
	id->simulated = p->port.simulated;
	return 0;
}

static int reopen(struct reader *r, struct err *err)
{
	struct pcsc_reader *p = pcsc_of(r);

	p->field = false;
	return pcsc_reopen(&p->port, err);
}

static void close_reader(struct reader *r)
{
	struct pcsc_reader *p = pcsc_of(r);

	pcsc_release(&p->port);
	free(p);
}

static int open_reader(struct reader **out, const void *options, struct clock *clock,
		       struct err *err)
{
	const struct pcsc_options *o = options;
	struct pcsc_reader *p = calloc(1, sizeof(*p));
	int rc;

	if (!p)
		return err_set(err, ERR_NOMEM, "reader");
	p->base = (struct reader){ &pcsc_ops, clock };
	p->slack_ns = o->slack_ns;
	rc = pcsc_open(&p->port, o->device, clock, err);
	if (rc) {
		free(p);
		return rc;
	}
	*out = &p->base;
	return 0;
}

static const struct reader_ops pcsc_ops = {
	.set_field = set_field,
	.activate = activate,
	.exchange = exchange,
	.raw = raw,
	.deselect = deselect,
	.abort = abort_call,
	.identity = identify,
	.reopen = reopen,
	.close = close_reader,
};

static const struct conf_item items[] = {
	{ .key = "device",
	  .type = CONF_DEVICE,
	  .offset = offsetof(struct pcsc_options, device),
	  .help = "reader as pcscd names it, with or without the two numbers at the end; "
		  "usb-port:1-2, usb-serial:SERIAL, usb-id:072f:2200" },
	{ .key = "slack",
	  .type = CONF_TIME,
	  .offset = offsetof(struct pcsc_options, slack_ns),
	  .fallback = "10 ms",
	  .help = "how far off its stamps may be: PC/SC does not show the air",
	  .max = NS_PER_S },
	{ 0 },
};

extern const struct reader_driver pcsc_driver;
const struct reader_driver pcsc_driver = {
	.name = "pcsc",
	.summary = "any contactless reader that pcscd has a driver for",
	.needs_worker = true,
	.items = items,
	.options_size = sizeof(struct pcsc_options),
	.open = open_reader,
};
