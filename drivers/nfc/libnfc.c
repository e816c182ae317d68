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
 * Traps handled here: only connection strings that name one device; an environment that makes libnfc look at
 * nothing else; our own lock on the line (libnfc has none); at most 261 bytes out (263 overrun
 * its stack) and 264 for the answer; a chip that failed half-way through open still gives a handle; calls a
 * driver lacks return 0; a UART timeout costs T + 50 ms, a USB one only T - 200 ms; only the select at
 * 106 kbit/s, because speed changes and automatic polling wait for ever.
 */
#include "drivers/reader.h"
#include "drivers/tty.h"

#include <assert.h>
#include <limits.h>
#include <nfc/nfc.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define OPEN_TRIES 3
#define OPEN_PAUSE_NS (100 * NS_PER_MS)
#define FIELD_PAUSE_NS \
	(5 * NS_PER_MS + 100 * NS_PER_US) /* ISO/IEC 14443-3: 5 ms; NFC Forum: 5.1 ms */
#define HOST_SLACK_NS \
	(500 * NS_PER_US) /* p99 of a 16-byte echo through a pty: 130-470 us */
#define USB_SLACK_NS NS_PER_MS
#define USB_TIMEOUT_LOSS_MS 200
#define MAX_ANSWER 264
/* The PN53x's automatic RATS is E0 50, FSDI 5: seen in field traces, not in a manual. */
#define AUTO_RATS_FSD 64

struct libnfc_options {
	const char *device;
	int64_t speed;
	int64_t tries;
	bool paced;
};

struct libnfc {
	struct reader base;
	nfc_context *context;
	nfc_device *device;
	int lock_fd; /* our own descriptor of the line; -1 without one */
	char connstring[NFC_BUFSIZE_CONNSTRING];
	char chip[64];
	int tries;
	bool paced;
	int64_t byte_ns; /* on the UART; 0 on anything else */
	int64_t slack_ns;
	int64_t off_since_ns; /* the field is off since then; 0 while it is on */
	bool usb, simulated, activated;
};

static const struct reader_ops libnfc_ops;

static struct libnfc *libnfc_of(struct reader *r)
{
	assert(r->ops == &libnfc_ops);
	return (struct libnfc *)r;
}

static int code_of(const struct libnfc *n, int res)
{
	switch (res) {
	case NFC_ETIMEOUT:
	case NFC_EOPABORTED:
		return ERR_TIMEOUT;
	case NFC_EDEVNOTSUPP:
	case NFC_ENOTIMPL:
		return ERR_UNSUPPORTED;
	case NFC_EINVARG:
		return ERR_USAGE;
	case NFC_EOVFLOW:
		return ERR_RANGE;
	case NFC_ENOTSUCHDEV:
		return ERR_GONE;
	case NFC_EIO:
		return n->lock_fd >= 0 && tty_hung_up(n->lock_fd) ? ERR_GONE : ERR_IO;
	default:
		return ERR_IO;
	}
}

/* What our side of the air does wrong, in libnfc's words. */
static int fail(struct libnfc *n, int res, const char *doing, struct err *err)
{
	int code = code_of(n, res);

	return err_set(err, code, "%s: %s (libnfc %d)", doing,
		       code == ERR_GONE ? "the device is gone" : nfc_strerror(n->device),
		       res);
}

/* A call that the device's driver lacks returns 0 and leaves its complaint here. */
static int checked(struct libnfc *n, int res)
{
	int last = nfc_device_get_last_error(n->device);

	return res == 0 && last == NFC_EDEVNOTSUPP ? last : res;
}

static int set_property(struct libnfc *n, nfc_property property, bool on,
			const char *doing, struct err *err)
{
	int res = checked(n, nfc_device_set_property_bool(n->device, property, on));

	return res < 0 ? fail(n, res, doing, err) : 0;
}

static void shut(struct libnfc *n)
{
	nfc_device *device = n->device;

	n->device =
		NULL; /* first: an abort in a signal handler must not see it half closed */
	if (device)
		nfc_close(device);
	if (n->context)
		nfc_exit(n->context);
	n->context = NULL;
	n->activated = false;
}

/* "chip: PN532 v1.6" is the first line; the text is empty when the chip never said who it is. */
static int find_chip(struct libnfc *n, struct err *err)
{
	char *about = NULL, *line;
	int res = nfc_device_get_information_about(n->device, &about);

	n->chip[0] = '\0';
	if (res < 0)
		return fail(n, res, "asking the chip who it is", err);
	line = about ? strstr(about, "chip: ") : NULL;
	if (line)
		snprintf(n->chip, sizeof(n->chip), "%.*s", (int)strcspn(line + 6, "\n"),
			 line + 6);
	nfc_free(about);
	if (!n->chip[0])
		return err_set(err, ERR_IO, "the chip does not say who it is");
	return 0;
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
	int rc = find_chip(n, err);
	int res;

	if (rc)
		return rc;
	res = checked(n, nfc_initiator_init(n->device));
	if (res < 0)
		return fail(n, res, "becoming an initiator", err);
	for (size_t i = 0; i < sizeof(wanted) / sizeof(*wanted); i++) {
		rc = set_property(n, wanted[i].property, wanted[i].on, wanted[i].doing,
				  err);
		if (rc)
			return rc;
	}
	n->off_since_ns = clock_now(n->base.clock);
	return 0;
}

static int open_once(struct libnfc *n, struct err *err)
{
	nfc_init(&n->context);
	if (!n->context)
		return err_set(err, ERR_NOMEM, "libnfc does not start");
	if (n->lock_fd >= 0)
		tty_exclusive(n->lock_fd, false); /* or libnfc's own open would fail */
	n->device = nfc_open(n->context, n->connstring);
	if (!n->device)
		return err_set(err, ERR_IO, "nothing answers there as an NFC reader");
	if (n->lock_fd >= 0)
		tty_exclusive(n->lock_fd, true);
	return set_up(n, err);
}

/* The first ACK may be up to a second late on some boards: a failed open is worth repeating. */
static int open_device(struct libnfc *n, struct err *err)
{
	struct clock *clock = n->base.clock;
	int rc = ERR_IO;

	for (int i = 0; i < n->tries; i++) {
		if (i > 0)
			clock->sleep_until(clock, clock_now(clock) + OPEN_PAUSE_NS);
		rc = open_once(n, err);
		if (rc == 0)
			return 0;
		shut(n);
		if (rc == ERR_NOMEM || (n->lock_fd >= 0 && tty_hung_up(n->lock_fd)))
			break;
	}
	return rc;
}

static int check_open(const struct libnfc *n, struct err *err)
{
	return n->device ? 0 : err_set(err, ERR_GONE, "the reader is not open");
}

static int libnfc_set_field(struct reader *r, bool on, struct err *err)
{
	struct libnfc *n = libnfc_of(r);
	int rc = check_open(n, err);

	if (rc)
		return rc;
	if (on && n->off_since_ns)
		r->clock->sleep_until(r->clock, n->off_since_ns + FIELD_PAUSE_NS);
	rc = set_property(n, NP_ACTIVATE_FIELD, on, on ? "field on" : "field off", err);
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

static int libnfc_activate(struct reader *r, struct reader_activation *a, struct err *err)
{
	static const nfc_modulation type_a = { .nmt = NMT_ISO14443A, .nbr = NBR_106 };
	struct libnfc *n = libnfc_of(r);
	int64_t deadline = clock_now(r->clock) + a->timeout_ns;
	int rc = check_open(n, err);

	if (rc)
		return rc;
	n->activated = false;
	a->slack_ns = n->slack_ns;
	a->started_ns = a->activated_ns = clock_now(r->clock);
	a->result = READER_NO_CARD;
	if (n->off_since_ns)
		return 0; /* the chip would raise the field by itself, and find somebody */
	do {
		nfc_target target;
		int res;

		memset(&target, 0, sizeof(target));
		a->started_ns = clock_now(r->clock);
		res = checked(n, nfc_initiator_select_passive_target(n->device, type_a,
								     NULL, 0, &target));
		a->activated_ns = clock_now(r->clock);
		/* a card torn out half-way, or one without ISO/IEC 14443-4, is not there yet */
		if (res < 0 && res != NFC_ERFTRANS && res != NFC_ETGRELEASED)
			return fail(n, res, "polling for a card", err);
		if (res > 0 && (target.nti.nai.btSak & 0x20)) {
			take_card(&a->card, &target.nti.nai);
			a->result = READER_OK;
			n->activated = true;
			return 0;
		}
	} while (clock_now(r->clock) < deadline);
	return 0;
}

/* Of a command frame on the line; @around: its bytes that are not @payload. */
static int64_t line_time(const struct libnfc *n, size_t payload, size_t around)
{
	size_t command = payload + around - 8; /* without framing, TFI and checksums */

	return (int64_t)(payload + around + (command > 254 ? 3 : 0)) * n->byte_ns;
}

static int timeout_ms(const struct libnfc *n, int64_t timeout_ns)
{
	int64_t ms = (timeout_ns + NS_PER_MS - 1) / NS_PER_MS;

	if (n->usb)
		ms += USB_TIMEOUT_LOSS_MS;
	return ms < INT_MAX ? (int)ms : INT_MAX;
}

static int transceive(struct libnfc *n, struct reader_exchange *x, size_t around,
		      struct err *err)
{
	struct clock *clock = n->base.clock;
	uint8_t answer[MAX_ANSWER];
	int64_t called = clock_now(clock);
	int res = nfc_initiator_transceive_bytes(n->device, x->command.data,
						 x->command.len, answer, sizeof(answer),
						 timeout_ms(n, x->timeout_ns));

	x->answered_ns = clock_now(clock);
	x->sent_ns = called + line_time(n, x->command.len, around);
	if (x->sent_ns > x->answered_ns)
		x->sent_ns = x->answered_ns;
	x->slack_ns = n->slack_ns;
	res = checked(n, res);
	if (res >= 0) {
		x->result = READER_OK;
		buf_add(x->answer, BYTES(answer, (size_t)res));
		if (x->answer->failed)
			return err_set(err, ERR_RANGE,
				       "no room for an answer of %d bytes", res);
		return 0;
	}
	/* libnfc hides the chip's status: a card that stays silent (01) is one of its RF errors */
	snprintf(x->note, sizeof(x->note), "%s", nfc_strerror(n->device));
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
		return fail(n, res, "exchange", err);
	}
}

static int libnfc_exchange(struct reader *r, struct reader_exchange *x, struct err *err)
{
	struct libnfc *n = libnfc_of(r);
	int rc = check_open(n, err);

	if (rc)
		return rc;
	if (!n->activated)
		return err_set(err, ERR_USAGE, "no card is activated");
	return transceive(n, x, 10, err);
}

static int libnfc_raw(struct reader *r, struct reader_exchange *x, struct err *err)
{
	struct libnfc *n = libnfc_of(r);
	int rc = check_open(n, err), undo;

	if (rc)
		return rc;
	rc = set_property(n, NP_EASY_FRAMING, false, "raw framing", err);
	if (rc)
		return rc;
	rc = transceive(n, x, 9, err); /* no target number in front */
	undo = set_property(n, NP_EASY_FRAMING, true, "easy framing", rc ? NULL : err);
	return rc ? rc : undo;
}

static int libnfc_deselect(struct reader *r, struct err *err)
{
	struct libnfc *n = libnfc_of(r);
	int rc = check_open(n, err), res;

	if (rc || !n->activated)
		return rc;
	n->activated = false;
	res = checked(n, nfc_initiator_deselect_target(n->device));
	switch (res) {
	case NFC_EIO:
	case NFC_ETIMEOUT:
	case NFC_EOPABORTED:
	case NFC_ESOFT:
	case NFC_EDEVNOTSUPP:
		return fail(n, res, "deselect", err);
	default:
		return 0; /* or the chip says that the card is gone already */
	}
}

/* In libnfc: on a UART close() and pipe(), on USB a flag; both may run in a signal handler. */
static int libnfc_abort(struct reader *r, struct err *err)
{
	struct libnfc *n = libnfc_of(r);

	if (n->device && nfc_abort_command(n->device) < 0)
		return err_set(err, ERR_IO, "abort");
	return 0;
}

static int libnfc_identity(struct reader *r, struct reader_identity *id, struct err *err)
{
	struct libnfc *n = libnfc_of(r);
	int rc = check_open(n, err);

	if (rc)
		return rc;
	memset(id, 0, sizeof(*id));
	/* on a UART the device's name is only the line again; on USB it is maker and product */
	if (n->usb)
		snprintf(id->model, sizeof(id->model), "%.40s, %.20s",
			 nfc_device_get_name(n->device), n->chip);
	else
		snprintf(id->model, sizeof(id->model), "%.63s", n->chip);
	snprintf(id->link, sizeof(id->link), "%.63s", n->connstring);
	snprintf(id->software, sizeof(id->software), "libnfc %.50s", nfc_version());
	id->fsd = AUTO_RATS_FSD;
	id->simulated = n->simulated;
	return 0;
}

static int libnfc_reopen(struct reader *r, struct err *err)
{
	struct libnfc *n = libnfc_of(r);
	int rc;

	shut(n);
	rc = open_device(n, err);
	return rc ? err_wrap(err, rc, "opening %.200s again", n->connstring) : 0;
}

static void libnfc_close(struct reader *r)
{
	struct libnfc *n = libnfc_of(r);

	shut(n);
	if (n->lock_fd >= 0) {
		tty_exclusive(n->lock_fd, false);
		close(n->lock_fd);
	}
	free(n);
}

/* Whatever a shell or a unit file says, libnfc looks at the one device we name, and says nothing. */
static void clean_environment(void)
{
	unsetenv("LIBNFC_DEVICE");
	unsetenv("LIBNFC_DEFAULT_DEVICE");
	setenv("LIBNFC_AUTO_SCAN", "false", 1);
	setenv("LIBNFC_INTRUSIVE_SCAN", "false", 1);
	setenv("LIBNFC_LOG_LEVEL", "0", 1);
}

/* By its real name: libnfc cuts a path at its first colon, and /dev/serial/by-path is full of them. */
static int take_line(struct libnfc *n, const char *driver, const char *path, int speed,
		     struct err *err)
{
	char real[PATH_MAX];
	int rc;

	if (!realpath(path, real))
		return err_set(err, ERR_IO, "no such device");
	if (strchr(real, ':') || strlen(real) > 900)
		return err_set(err, ERR_USAGE,
			       "libnfc cannot open a path with a colon, or this long");
	rc = tty_open(&n->lock_fd, real, err);
	if (rc)
		return rc;
	n->byte_ns = n->paced ? 10 * NS_PER_S / speed : 0;
	n->slack_ns = HOST_SLACK_NS + n->byte_ns + 2 * tty_latency_ns(n->lock_fd);
	n->simulated = tty_is_simulated(n->lock_fd);
	snprintf(n->connstring, sizeof(n->connstring), "%s:%.900s:%d", driver, real,
		 speed);
	return 0;
}

/* "driver:path[:speed]" or "driver:bus:device". */
static int take_connstring(struct libnfc *n, const char *text, int speed, struct err *err)
{
	char driver[32], second[512], third[32] = "";
	int parts = sscanf(text, "%31[^:]:%511[^:]:%31[^:]", driver, second, third);
	size_t len = parts >= 1 ? strlen(driver) : 0;
	bool on_usb = len >= 3 && strcmp(driver + len - 3, "usb") == 0;

	/* bare, or with a bus alone, libnfc opens whatever USB device comes first */
	if (parts < 2 || (on_usb && parts < 3))
		return err_set(err, ERR_USAGE,
			       "this does not name one device; allowed: a path, "
			       "pn532_uart:PATH[:SPEED], acr122_usb:BUS:DEVICE, "
			       "pn53x_usb:BUS:DEVICE");
	if (strcmp(driver, "pn532_uart") == 0 || strcmp(driver, "arygon") == 0 ||
	    strcmp(driver, "acr122s") == 0) {
		long asked = parts > 2 ? strtol(third, NULL, 10) : speed;

		if (asked < 9600 || asked > 460800)
			return err_set(err, ERR_RANGE, "a line speed is 9600 to 460800");
		return take_line(n, driver, second, (int)asked, err);
	}
	n->usb = on_usb;
	n->slack_ns = HOST_SLACK_NS + (on_usb ? USB_SLACK_NS : 0);
	n->simulated = on_usb && usb_bus_is_simulated((int)strtol(second, NULL, 10));
	snprintf(n->connstring, sizeof(n->connstring), "%.900s", text);
	return 0;
}

static int libnfc_open(struct reader **out, const void *options, struct clock *clock,
		       struct err *err)
{
	const struct libnfc_options *o = options;
	struct libnfc *n = calloc(1, sizeof(*n));
	int rc;

	if (!n)
		return err_set(err, ERR_NOMEM, "reader");
	n->base = (struct reader){ &libnfc_ops, clock };
	n->lock_fd = -1;
	n->tries = (int)o->tries;
	n->paced = o->paced;
	clean_environment();
	if (o->device[0] == '/')
		rc = take_line(n, "pn532_uart", o->device, (int)o->speed, err);
	else
		rc = take_connstring(n, o->device, (int)o->speed, err);
	if (rc == 0)
		rc = open_device(n, err);
	if (rc) {
		libnfc_close(&n->base);
		return err_wrap(err, rc, "opening the reader %.200s", o->device);
	}
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
	.reopen = libnfc_reopen,
	.close = libnfc_close,
};

static const struct conf_item items[] = {
	{ .key = "device",
	  .type = CONF_DEVICE,
	  .offset = offsetof(struct libnfc_options, device),
	  .help = "serial line of a PN532, or a libnfc connection string "
		  "(acr122_usb:001:005)" },
	{ .key = "speed",
	  .type = CONF_INT,
	  .offset = offsetof(struct libnfc_options, speed),
	  .fallback = "115200",
	  .help = "of the serial line, as the chip has it: libnfc never changes it",
	  .min = 9600,
	  .max = 460800 },
	{ .key = "tries",
	  .type = CONF_INT,
	  .offset = offsetof(struct libnfc_options, tries),
	  .fallback = "3",
	  .help = "attempts at opening before giving up",
	  .min = 1,
	  .max = OPEN_TRIES },
	{ .key = "paced",
	  .type = CONF_BOOL,
	  .offset = offsetof(struct libnfc_options, paced),
	  .fallback = "yes",
	  .help = "bytes take the time that the speed says; no where the speed is only a "
		  "name (USB CDC)" },
	{ 0 },
};

extern const struct reader_driver libnfc_driver;
const struct reader_driver libnfc_driver = {
	.name = "libnfc",
	.summary = "PN532, PN533, ACR122U and others, through libnfc",
	.needs_worker = true,
	.items = items,
	.options_size = sizeof(struct libnfc_options),
	.open = libnfc_open,
};
