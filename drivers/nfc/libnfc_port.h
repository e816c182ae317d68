#ifndef DRIVERS_NFC_LIBNFC_PORT_H
#define DRIVERS_NFC_LIBNFC_PORT_H

#include "bench/core/clock.h"
#include "bench/core/conf.h"
#include "bench/core/err.h"

#include <nfc/nfc.h>

/*
 * A chip through libnfc 1.8.0, whichever role it plays: opened by a name that means one device, locked,
 * its errors put into our words. Lives in a worker.
 *
 * The connection string is made at every open, from what the rig says: a device that was plugged in again has another
 * number, and is found by its port or serial number all the same.
 *
 * Traps handled here: only connection strings that name one device; an environment that makes libnfc look at
 * nothing else; our own lock on the line (libnfc has none); a chip that failed half-way through
 * open still gives a handle; calls a driver lacks return 0; a UART timeout costs T + 50 ms, a USB
 * one only T - 200 ms.
 */
struct libnfc_options {
	const char *device;
	int64_t speed;
	int64_t tries;
	bool paced;
};

struct libnfc {
	struct clock *clock;
	/* make an opened chip what it shall be; a failure closes it again */
	int (*set_up)(struct libnfc *n, struct err *err);
	bool as_card; /* it is to be one: some devices never can */
	nfc_context *context;
	nfc_device *device; /* NULL while it is not open */
	int lock_fd;        /* our own descriptor of the line; -1 without one */
	int usb_lock_fd;    /* our own lock of a device on USB; -1 without one */
	char connstring[NFC_BUFSIZE_CONNSTRING];
	char chip[64];    /* "PN532 v1.6" */
	char product[64]; /* on USB: what sysfs says that it is, or "" */
	int tries;
	bool paced;
	char wanted[512]; /* the rig's text for it: every open finds the device again */
	int speed;
	bool was_open;    /* one that was there may come back */
	int64_t byte_ns;  /* on the UART; 0 on anything else */
	int64_t slack_ns; /* what may lie between our stamps and the truth */
	bool usb, simulated;
};

/** The three keys every libnfc driver takes in a rig file, of a struct that begins with libnfc_options. */
#define LIBNFC_ITEMS \
	{ .key = "device", \
	  .type = CONF_DEVICE, \
	  .offset = offsetof(struct libnfc_options, device), \
	  .help = "serial line of a PN532, usb-port:1-2, usb-serial:SERIAL, " \
		  "usb-id:04e6:5591, or a libnfc connection string" }, \
		{ .key = "speed", \
		  .type = CONF_INT, \
		  .offset = offsetof(struct libnfc_options, speed), \
		  .fallback = "115200", \
		  .help = "of the serial line, as the chip has it: libnfc never " \
			  "changes it", \
		  .min = 9600, \
		  .max = 460800 }, \
		{ .key = "tries", \
		  .type = CONF_INT, \
		  .offset = offsetof(struct libnfc_options, tries), \
		  .fallback = "3", \
		  .help = "attempts at opening before giving up", \
		  .min = 1, \
		  .max = 3 }, \
	{ \
		.key = "paced", .type = CONF_BOOL, \
		.offset = offsetof(struct libnfc_options, paced), .fallback = "yes", \
		.help = "bytes take the time that the speed says; no where the speed " \
			"is " \
			"only a name (USB CDC)" \
	}

/** Open with .clock, .set_up and .as_card in place; on failure everything is let go. */
int libnfc_open(struct libnfc *n, const struct libnfc_options *options, struct err *err);
/** Close and open again. */
int libnfc_reopen(struct libnfc *n, struct err *err);
/** Close the device; what libnfc_reopen needs stays. */
void libnfc_shut(struct libnfc *n);
/** And let go of the line. */
void libnfc_release(struct libnfc *n);

/** ERR_GONE while it is not open. */
int libnfc_check_open(const struct libnfc *n, struct err *err);
/** libnfc's negative result @res into our code, and its words into @err. */
int libnfc_fail(struct libnfc *n, int res, const char *doing, struct err *err);
/** A call that the device's driver lacks returns 0 and leaves its complaint elsewhere: that, or @res. */
int libnfc_checked(struct libnfc *n, int res);
int libnfc_set_property(struct libnfc *n, nfc_property property, bool on,
			const char *doing, struct err *err);
/** Time of a command frame on the line; @around: its bytes that are not @payload. 0 without a UART. */
int64_t libnfc_line_ns(const struct libnfc *n, size_t payload, size_t around);
/** As libnfc must be asked. */
int libnfc_timeout_ms(const struct libnfc *n, int64_t timeout_ns);
/** Who it is, for a person; link and software the same way. */
void libnfc_describe(const struct libnfc *n, char model[64], char link[64],
		     char software[64]);

#endif
