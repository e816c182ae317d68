#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "drivers/usb.h"

#include <sys/stat.h>
#include <unistd.h>

/* A sysfs of our own: what would be plugged in. */
static char root[32];

static void __attribute__((format(printf, 1, 2))) run(const char *fmt, ...)
{
	char command[600];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(command, sizeof(command), fmt, ap);
	va_end(ap);
	assert_int_equal(system(command), 0);
}

static void plug(const char *port, int bus, int device, const char *ids,
		 const char *product, const char *serial)
{
	run("d=%s/sys/bus/usb/devices/%s; mkdir -p $d && echo %d >$d/busnum && "
	    "echo %d >$d/devnum && echo %.4s >$d/idVendor && echo %s >$d/idProduct && "
	    "echo '%s' >$d/product && { [ -z '%s' ] || echo '%s' >$d/serial; }",
	    root, port, bus, device, ids, ids + 5, product, serial, serial);
}

static void unplug(const char *port)
{
	run("rm -r %s/sys/bus/usb/devices/%s", root, port);
}

static int machine(void **state)
{
	(void)state;
	strcpy(root, "/tmp/keybench-usb-XXXXXX");
	if (!mkdtemp(root))
		return -1;
	plug("usb1", 1, 1, "1d6b:0002", "xHCI Host Controller", "0000:00:14.0");
	plug("1-1", 1, 2, "04e6:5591", "SCL3711-NFC&RW", "");
	plug("1-2.3", 1, 5, "072f:2200", "ACR122U PICC Interface", "AB12");
	plug("1-4", 1, 7, "1a86:7523", "USB Serial", "");
	run("cd %s && i=sys/bus/usb/devices/1-4/1-4:1.0/ttyUSB0 && mkdir -p $i "
	    "sys/class/tty/ttyUSB0 && ln -s ../../../../$i sys/class/tty/ttyUSB0/device",
	    root);
	plug("1-10", 1, 9, "2341:0043", "Arduino", "75430");
	run("mkdir -p %s/sys/bus/usb/devices/1-10/1-10:1.0/tty/ttyACM3", root);
	return 0;
}

static int no_machine(void **state)
{
	(void)state;
	run("rm -rf %s", root);
	return 0;
}

static int list(void *ctx, const struct usb_device *d)
{
	strcat(strcat(ctx, d->port), " ");
	return 0;
}

static void hubs_and_interfaces_are_no_devices(void **state)
{
	char ports[100] = "";

	(void)state;
	assert_int_equal(usb_scan(root, list, ports), 0);
	assert_string_equal(ports, "1-1 1-2.3 1-4 1-10 ");
	ports[0] = '\0';
	assert_int_equal(usb_scan("/nonexistent", list, ports), 0);
	assert_string_equal(ports, "");
}

static void found(const char *text, const char *port)
{
	struct usb_device d;
	struct err err = { 0 };

	if (usb_find(&d, root, text, &err))
		fail_msg("%s", err.text);
	assert_string_equal(d.port, port);
}

static void a_device_is_found_by_what_stays(void **state)
{
	(void)state;
	found("usb-port:1-2.3", "1-2.3");
	found("usb-serial:AB12", "1-2.3");
	found("usb-id:04e6:5591", "1-1");
	found("usb-id:072F:2200", "1-2.3");
}

static void its_numbers_are_those_of_now(void **state)
{
	struct usb_device d;

	(void)state;
	assert_int_equal(usb_find(&d, root, "usb-port:1-1", NULL), 0);
	assert_int_equal(d.bus, 1);
	assert_int_equal(d.device, 2);
	unplug("1-1");
	assert_int_equal(usb_find(&d, root, "usb-port:1-1", NULL), ERR_GONE);
	plug("1-1", 1, 23, "04e6:5591", "SCL3711-NFC&RW", "");
	assert_int_equal(usb_find(&d, root, "usb-port:1-1", NULL), 0);
	assert_int_equal(d.device, 23);
	assert_int_equal(usb_find_numbers(&d, root, 1, 23, NULL), 0);
	assert_string_equal(d.port, "1-1");
	assert_int_equal(usb_find_numbers(&d, root, 1, 2, NULL), ERR_GONE);
}

static void two_of_a_kind_are_told_apart_by_their_port(void **state)
{
	struct usb_device d;
	struct err err = { 0 };

	(void)state;
	plug("1-3", 1, 8, "04e6:5591", "SCL3711-NFC&RW", "");
	assert_int_equal(usb_find(&d, root, "usb-id:04e6:5591", &err), ERR_USAGE);
	assert_non_null(strstr(err.text, "1-1, 1-3"));
	assert_non_null(strstr(err.text, "usb-port:"));
	found("usb-port:1-3", "1-3");
}

static void every_size_of_numato_board_is_known(void **state)
{
	struct usb_device d = { .vendor = 0x2a19, .product_id = 0x0c01 };

	(void)state;
	assert_string_equal(usb_model(&d), "Numato relay board");
	d.product_id = 0x0c05;
	assert_string_equal(usb_model(&d), "Numato relay board");
	assert_null(usb_nfc_driver(&d));
	d.product_id = 0x0800; /* another kind of board */
	assert_null(usb_model(&d));
	d = (struct usb_device){ .vendor = 0x16c0, .product_id = 0x0500 };
	assert_null(usb_model(&d));
}

static void a_relay_board_is_known_by_what_it_says(void **state)
{
	struct usb_device d = { .vendor = 0x16c0, .product_id = 0x05df };

	(void)state;
	assert_null(usb_model(&d)); /* the number is shared: anybody's */
	strcpy(d.product, "HIDKeys");
	assert_null(usb_model(&d));
	assert_null(usb_relay_driver(&d));
	strcpy(d.product, "USBRelay4");
	assert_string_equal(usb_model(&d), "DCTTech relay board (HID)");
	assert_string_equal(usb_relay_driver(&d), "usb_hid");
	d = (struct usb_device){ .vendor = 0x2a19, .product_id = 0x0c05 };
	assert_null(usb_relay_driver(&d)); /* not before it has its line */
	strcpy(d.tty, "ttyACM0");
	assert_string_equal(usb_relay_driver(&d), "numato");
	assert_false(usb_is_adapter(&d));
	d = (struct usb_device){ .vendor = 0x10c4, .product_id = 0xea60 };
	assert_false(usb_is_adapter(&d));
	strcpy(d.tty, "ttyUSB0");
	assert_true(usb_is_adapter(&d));
	assert_null(usb_relay_driver(&d));
}

static void what_names_nothing_is_refused(void **state)
{
	static const char *const wrong[] = { "usb-port:",   "usb-serial:",
					     "usb-id:04e6", "usb-id:04e6:5591x",
					     "usb-it:1",    "usb-" };
	struct usb_device d;

	(void)state;
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		struct err err = { 0 };

		assert_true(usb_is_name(wrong[i]));
		assert_int_equal(usb_find(&d, root, wrong[i], &err), ERR_USAGE);
		assert_non_null(strstr(err.text, "allowed"));
	}
	assert_int_equal(usb_find(&d, root, "usb-serial:AB", NULL), ERR_GONE);
	assert_false(usb_is_name("acr122_usb:001:005"));
}

static void a_serial_line_belongs_to_its_adapter(void **state)
{
	struct usb_device d;
	char interface[40];

	(void)state;
	assert_int_equal(usb_find(&d, root, "usb-port:1-4", NULL), 0);
	assert_string_equal(d.tty, "ttyUSB0");
	assert_int_equal(usb_find(&d, root, "usb-serial:75430", NULL), 0);
	assert_string_equal(d.tty, "ttyACM3");
	assert_int_equal(usb_find(&d, root, "usb-port:1-1", NULL), 0);
	assert_string_equal(d.tty, "");
	usb_interface_of_tty(interface, root, "ttyUSB0");
	assert_string_equal(interface, "1-4:1.0");
	usb_interface_of_tty(interface, root, "ttyS0");
	assert_string_equal(interface, "");
}

static void an_interface_tells_its_line_of_now(void **state)
{
	char tty[32];

	(void)state;
	run("cd %s/sys/bus/usb/devices/1-4/.. && ln -s 1-4/1-4:1.0 1-4:1.0; ln -s "
	    "1-10/1-10:1.0 1-10:1.0; mv 1-4:1.0/ttyUSB0 1-4:1.0/ttyUSB7",
	    root);
	assert_true(usb_tty_of_interface(tty, root, "1-4:1.0"));
	assert_string_equal(tty, "ttyUSB7");
	assert_true(usb_tty_of_interface(tty, root, "1-10:1.0"));
	assert_string_equal(tty, "ttyACM3");
	assert_false(usb_tty_of_interface(tty, root, "1-1:1.0"));
	assert_false(usb_tty_of_interface(tty, root, "../1-4/1-4:1.0"));
}

static void libnfc_is_named_the_driver_it_has(void **state)
{
	struct usb_device d;

	(void)state;
	assert_int_equal(usb_find(&d, root, "usb-port:1-1", NULL), 0);
	assert_string_equal(usb_nfc_driver(&d), "pn53x_usb");
	assert_int_equal(usb_find(&d, root, "usb-serial:AB12", NULL), 0);
	assert_string_equal(usb_nfc_driver(&d), "acr122_usb");
	assert_string_equal(usb_model(&d), "ACS ACR122U");
	assert_int_equal(usb_find(&d, root, "usb-port:1-4", NULL), 0);
	assert_null(usb_nfc_driver(&d));
	assert_string_equal(usb_model(&d), "CH340 serial");
}

static void what_a_device_says_of_itself_is_foreign(void **state)
{
	struct usb_device d;

	(void)state;
	run("printf 'x\\033[2Jy\\n' >%s/sys/bus/usb/devices/1-1/product; "
	    "echo 99999999999 >%s/sys/bus/usb/devices/1-4/devnum; "
	    "head -c 5000 /dev/zero | tr '\\0' s >%s/sys/bus/usb/devices/1-10/serial",
	    root, root, root);
	assert_int_equal(usb_find(&d, root, "usb-port:1-1", NULL), 0);
	assert_string_equal(d.product, "x?[2Jy");
	assert_int_equal(usb_find(&d, root, "usb-port:1-4", NULL), ERR_GONE);
	assert_int_equal(usb_find(&d, root, "usb-port:1-10", NULL), 0);
	assert_int_equal(strlen(d.serial), sizeof(d.serial) - 1);
}

#define ON_MACHINE(f) cmocka_unit_test_setup_teardown(f, machine, no_machine)

int main(void)
{
	const struct CMUnitTest tests[] = {
		ON_MACHINE(hubs_and_interfaces_are_no_devices),
		ON_MACHINE(a_device_is_found_by_what_stays),
		ON_MACHINE(its_numbers_are_those_of_now),
		ON_MACHINE(two_of_a_kind_are_told_apart_by_their_port),
		ON_MACHINE(every_size_of_numato_board_is_known),
		ON_MACHINE(a_relay_board_is_known_by_what_it_says),
		ON_MACHINE(what_names_nothing_is_refused),
		ON_MACHINE(a_serial_line_belongs_to_its_adapter),
		ON_MACHINE(an_interface_tells_its_line_of_now),
		ON_MACHINE(libnfc_is_named_the_driver_it_has),
		ON_MACHINE(what_a_device_says_of_itself_is_foreign),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
