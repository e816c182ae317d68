#include "drivers/nfc/libnfc_port.h"

#include "drivers/lock.h"
#include "drivers/nfc/misfit.h"
#include "drivers/tty.h"
#include "drivers/usb.h"

#include <dirent.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define OPEN_PAUSE_NS (100 * NS_PER_MS)
#define RETURN_NS \
	(2500 * NS_PER_MS) /* for a device that was unplugged or reset to come back */
#define LOCK_PATIENCE_NS (2500 * NS_PER_MS) /* for a worker whose keybench was killed */
#define HOST_SLACK_NS \
	(500 * NS_PER_US) /* p99 of a 16-byte echo through a pty: 130-470 us */
#define USB_SLACK_NS NS_PER_MS
#define USB_TIMEOUT_LOSS_MS 200

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
int libnfc_fail(struct libnfc *n, int res, const char *doing, struct err *err)
{
	int code = code_of(n, res);

	return err_set(err, code, "%s: %s (libnfc %d)", doing,
		       code == ERR_GONE ? "the device is gone" : nfc_strerror(n->device),
		       res);
}

/* A call that the device's driver lacks returns 0 and leaves its complaint here. */
int libnfc_checked(struct libnfc *n, int res)
{
	int last = nfc_device_get_last_error(n->device);

	return res == 0 && last == NFC_EDEVNOTSUPP ? last : res;
}

int libnfc_set_property(struct libnfc *n, nfc_property property, bool on,
			const char *doing, struct err *err)
{
	int res =
		libnfc_checked(n, nfc_device_set_property_bool(n->device, property, on));

	return res < 0 ? libnfc_fail(n, res, doing, err) : 0;
}

void libnfc_shut(struct libnfc *n)
{
	nfc_device *device = n->device;

	n->device =
		NULL; /* first: an abort in a signal handler must not see it half closed */
	if (device)
		nfc_close(device);
	if (n->context)
		nfc_exit(n->context);
	n->context = NULL;
}

/* "chip: PN532 v1.6" is the first line; the text is empty when the chip never said who it is. */
static int find_chip(struct libnfc *n, struct err *err)
{
	char *about = NULL, *line;
	int res = nfc_device_get_information_about(n->device, &about);

	n->chip[0] = '\0';
	if (res < 0)
		return libnfc_fail(n, res, "asking the chip who it is", err);
	line = about ? strstr(about, "chip: ") : NULL;
	if (line)
		snprintf(n->chip, sizeof(n->chip), "%.*s", (int)strcspn(line + 6, "\n"),
			 line + 6);
	nfc_free(about);
	if (!n->chip[0])
		return err_set(err, ERR_IO, "the chip does not say who it is");
	return 0;
}

/* pcscd: it opens every CCID reader that it sees, and does not share. @return its process, or 0 */
static int rival(void)
{
	DIR *proc = opendir("/proc");
	struct dirent *e;
	int found = 0;

	while (proc && !found && (e = readdir(proc))) {
		char path[300], name[16] = "";
		FILE *f;

		snprintf(path, sizeof(path), "/proc/%s/comm", e->d_name);
		f = e->d_name[0] >= '1' && e->d_name[0] <= '9' ? fopen(path, "re") : NULL;
		if (f && fgets(name, sizeof(name), f) && strcmp(name, "pcscd\n") == 0)
			found = atoi(e->d_name);
		if (f)
			fclose(f);
	}
	if (proc)
		closedir(proc);
	return found;
}

static int nobody_answers(const struct libnfc *n, struct err *err)
{
	int pid = n->usb ? rival() : 0;

	if (!pid)
		return err_set(err, ERR_IO, "nothing answers there as an NFC reader");
	return err_set(err, ERR_IO,
		       "nothing answers there as an NFC reader, and pcscd runs (process "
		       "%d), which takes such readers: 'keybench doctor' says how to "
		       "stop it, 'driver: pcsc' goes through it",
		       pid);
}

static int open_once(struct libnfc *n, struct err *err)
{
	const char *why;
	int rc;

	nfc_init(&n->context);
	if (!n->context)
		return err_set(err, ERR_NOMEM, "libnfc does not start");
	if (n->lock_fd >= 0)
		tty_exclusive(n->lock_fd, false); /* or libnfc's own open would fail */
	n->device = nfc_open(n->context, n->connstring);
	if (!n->device)
		return nobody_answers(n, err);
	if (n->lock_fd >= 0)
		tty_exclusive(n->lock_fd, true);
	rc = find_chip(n, err);
	why = rc ? NULL : misfit_chip(n->chip, n->as_card);
	if (why)
		return err_set(err, ERR_UNSUPPORTED, "a %s answers: %s", n->chip, why);
	return rc ? rc : n->set_up(n, err);
}

int libnfc_check_open(const struct libnfc *n, struct err *err)
{
	return n->device ? 0 : err_set(err, ERR_GONE, "the chip is not open");
}

/* Of a command frame on the line; @around: its bytes that are not @payload. */
int64_t libnfc_line_ns(const struct libnfc *n, size_t payload, size_t around)
{
	size_t command = payload + around - 8; /* without framing, TFI and checksums */

	return (int64_t)(payload + around + (command > 254 ? 3 : 0)) * n->byte_ns;
}

int libnfc_timeout_ms(const struct libnfc *n, int64_t timeout_ns)
{
	int64_t ms = (timeout_ns + NS_PER_MS - 1) / NS_PER_MS;

	if (n->usb)
		ms += USB_TIMEOUT_LOSS_MS;
	return ms < INT_MAX ? (int)ms : INT_MAX;
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
			       "usb-port:PORT, usb-serial:SERIAL, usb-id:VENDOR:PRODUCT, "
			       "pn532_uart:PATH[:SPEED], acr122_usb:BUS:DEVICE, "
			       "pn53x_usb:BUS:DEVICE");
	if (strcmp(driver, "pn532_uart") == 0 || strcmp(driver, "arygon") == 0 ||
	    strcmp(driver, "acr122s") == 0) {
		long asked = parts > 2 ? strtol(third, NULL, 10) : speed;

		if (asked < 9600 || asked > 460800)
			return err_set(err, ERR_RANGE, "a line speed is 9600 to 460800");
		return take_line(n, driver, second, (int)asked, err);
	}
	if (on_usb && strncmp(driver, "acr122", 6) == 0 && n->as_card)
		return err_set(err, ERR_UNSUPPORTED, "%s",
			       misfit_usb(0x072f, 0x2200, true));
	n->usb = on_usb;
	n->slack_ns = HOST_SLACK_NS + (on_usb ? USB_SLACK_NS : 0);
	n->simulated = on_usb && usb_bus_is_simulated((int)strtol(second, NULL, 10));
	snprintf(n->connstring, sizeof(n->connstring), "%.900s", text);
	return 0;
}

static int lock_usb(struct libnfc *n, const char *connstring, struct err *err)
{
	return n->usb_lock_fd >= 0 ? 0
				   : lock_take(&n->usb_lock_fd, connstring, connstring,
					       "open", LOCK_PATIENCE_NS, err);
}

/* Known not to be able to: before it is opened, and before whoever else has it is waited for. */
static int check_usb(const struct libnfc *n, const struct usb_device *u, struct err *err)
{
	const char *why = misfit_usb(u->vendor, u->product_id, n->as_card);

	return why ? err_set(err, ERR_UNSUPPORTED, "port %s: %s", u->port, why) : 0;
}

/* A device on USB: a reader of libnfc's, or a serial adapter with a chip behind it. */
static int take_usb(struct libnfc *n, const struct usb_device *u, struct err *err)
{
	const char *driver = usb_nfc_driver(u);
	int rc = check_usb(n, u, err);
	char text[64];

	if (rc)
		return rc;
	if (!driver && !u->tty[0])
		return err_set(
			err, ERR_UNSUPPORTED,
			"port %s has %04x:%04x %.40s: neither a reader that libnfc "
			"knows nor a serial line",
			u->port, u->vendor, u->product_id, u->product);
	if (!driver) {
		snprintf(text, sizeof(text), "/dev/%s", u->tty);
		return take_line(n, "pn532_uart", text, n->speed, err);
	}
	snprintf(text, sizeof(text), "%s:%03d:%03d", driver, u->bus, u->device);
	snprintf(n->product, sizeof(n->product), "%s", u->product);
	return take_connstring(n, text, n->speed, err);
}

/* The rig's text, as things are plugged in now. */
static int take_device(struct libnfc *n, struct err *err)
{
	const char *text = n->wanted;
	int bus, number, rc;
	char real[PATH_MAX] = "";
	struct usb_device u;

	if (usb_is_name(text)) {
		rc = usb_find(&u, "", text, err);
		return rc ? rc : take_usb(n, &u, err);
	}
	if (text[0] != '/')
		return take_connstring(n, text, n->speed, err);
	if (!realpath(text, real))
		return err_set(err, n->was_open ? ERR_GONE : ERR_IO, "no such device");
	if (sscanf(real, "/dev/bus/usb/%d/%d", &bus, &number) != 2)
		return take_line(n, "pn532_uart", text, n->speed, err);
	rc = usb_find_numbers(&u, "", bus, number, err);
	return rc ? rc : take_usb(n, &u, err);
}

static void let_go(struct libnfc *n)
{
	libnfc_shut(n);
	if (n->lock_fd >= 0) {
		tty_exclusive(n->lock_fd, false);
		close(n->lock_fd);
	}
	n->lock_fd = -1;
	n->usb = n->simulated = false;
	n->byte_ns = 0;
	n->connstring[0] = n->product[0] = '\0';
}

/* One that was there is given time to come back: re-enumeration takes a second, a hand that plugs it in some more. */
static int find_device(struct libnfc *n, struct err *err)
{
	struct clock *clock = n->clock;
	int64_t deadline = clock_now(clock) + (n->was_open ? RETURN_NS : 0);
	int rc;

	for (;;) {
		let_go(n);
		rc = take_device(n, err);
		if (rc == 0 && n->usb)
			rc = lock_usb(n, n->connstring, err);
		if (rc != ERR_GONE || clock_now(clock) >= deadline)
			return rc;
		clock->sleep_until(clock, clock_now(clock) + OPEN_PAUSE_NS);
	}
}

/* The first ACK may be up to a second late on some boards: a failed open is worth repeating. */
static int open_device(struct libnfc *n, struct err *err)
{
	struct clock *clock = n->clock;
	int rc = find_device(n, err);

	for (int i = 0; rc == 0 && i < n->tries; i++) {
		if (i > 0)
			clock->sleep_until(clock, clock_now(clock) + OPEN_PAUSE_NS);
		rc = open_once(n, err);
		if (rc == 0) {
			n->was_open = true;
			return 0;
		}
		libnfc_shut(n);
		if (rc == ERR_NOMEM || rc == ERR_UNSUPPORTED ||
		    (n->lock_fd >= 0 && tty_hung_up(n->lock_fd)))
			break;
		rc = i + 1 < n->tries ? 0 : rc;
	}
	return rc;
}

int libnfc_reopen(struct libnfc *n, struct err *err)
{
	int rc = open_device(n, err);

	return rc ? err_wrap(err, rc, "opening %.200s again", n->wanted) : 0;
}

void libnfc_release(struct libnfc *n)
{
	let_go(n);
	if (n->usb_lock_fd >= 0)
		close(n->usb_lock_fd);
	n->usb_lock_fd = -1;
}

int libnfc_open(struct libnfc *n, const struct libnfc_options *o, struct err *err)
{
	int rc;

	n->lock_fd = n->usb_lock_fd = -1;
	n->speed = (int)o->speed;
	if (strlen(o->device) >= sizeof(n->wanted))
		return err_set(err, ERR_RANGE, "device: more than %zu characters",
			       sizeof(n->wanted) - 1);
	strcpy(n->wanted, o->device);
	n->tries = (int)o->tries;
	n->paced = o->paced;
	clean_environment();
	rc = open_device(n, err);
	if (rc)
		libnfc_release(n);
	return rc;
}

void libnfc_describe(const struct libnfc *n, char model[64], char link[64],
		     char software[64])
{
	/* on a UART the device's name is only the line again; on USB it is maker and product */
	if (n->usb)
		snprintf(model, 64, "%.40s, %.20s", nfc_device_get_name(n->device),
			 n->chip);
	else
		snprintf(model, 64, "%.63s", n->chip);
	snprintf(link, 64, "%.63s", n->connstring);
	snprintf(software, 64, "libnfc %.50s", nfc_version());
}
