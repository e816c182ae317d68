#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "drivers/usb_hub.h"
#include "drivers/usb_rescue.h"

#include <unistd.h>

/* Two hubs that are the two sides of the same sockets; a device hangs at port 3 of the first. */
struct hub {
	const char *name;
	bool super, each, obeys, cuts; /* what becomes of an order, and of the power */
	uint32_t powered;
	int stumbles; /* so many requests to come are not answered */
	bool faints;  /* behind the first order */
};

static struct {
	struct usb_port port;
	struct hub hubs[2];
	struct hub *open;
	const char *opened; /* a device that is none of the hubs */
	bool there, sleeps; /* the kernel hears of nothing while the power is off */
	int number, resets, reset_end, opens, closes;
	char said[400]; /* orders, as bytes */
	int64_t off_ns, was_off_ns;
} bus;

static struct clock_virtual virtual_clock;
static struct usb_rescue rescue;
static char root[32];

static int fake_open(struct usb_port *p, const char *where)
{
	(void)p;
	assert_null(bus.open);
	assert_null(bus.opened);
	for (int i = 0; i < 2; i++)
		if (bus.hubs[i].name && strcmp(bus.hubs[i].name, where) == 0)
			bus.open = &bus.hubs[i];
	if (!bus.open && !(bus.there && strcmp(where, "1-2.3") == 0))
		return USB_GONE;
	if (!bus.open)
		bus.opened = where;
	bus.opens++;
	return 0;
}

static int describe(struct hub *h, struct usb_request *r)
{
	if (r->value != (h->super ? 0x2a00 : 0x2900))
		return USB_PROTOCOL; /* stalled */
	assert_int_equal(r->length, 16);
	memcpy(r->data, h->super ? "\x0c\x2a" : "\x09\x29", 2);
	r->data[2] = 4;
	r->data[3] = h->each ? 0x09 : 0x08;
	r->data[5] = 50; /* 100 ms */
	return h->super ? 12 : 9;
}

static int order(struct hub *h, const struct usb_request *r)
{
	size_t len = strlen(bus.said);
	uint32_t bit = UINT32_C(1) << r->index;
	bool on = r->request == 3;

	snprintf(bus.said + len, sizeof(bus.said) - len, "%s %02x%02x %04x %04x %d; ",
		 h->name, r->type, r->request, r->value, r->index, r->length);
	h->stumbles += h->faints;
	h->faints = false;
	if (!h->obeys)
		return 0;
	h->powered = on ? h->powered | bit : h->powered & ~bit;
	if (h->cuts && r->index == 3) {
		if (!on)
			bus.off_ns = virtual_clock.at_ns;
		else
			bus.was_off_ns = virtual_clock.at_ns - bus.off_ns;
		if (!bus.sleeps || on)
			bus.there = on;
		bus.number += on;
	}
	return 0;
}

static int fake_control(struct usb_port *p, struct usb_request *r, int timeout_ms)
{
	struct hub *h = bus.open;

	(void)p;
	assert_non_null(h);
	assert_true(timeout_ms > 0);
	virtual_clock.at_ns += NS_PER_MS;
	if (h->stumbles) {
		h->stumbles--;
		return USB_TIMEOUT;
	}
	if (r->type == 0xa0 && r->request == 6)
		return describe(h, r);
	if (r->type == 0x23)
		return order(h, r);
	assert_int_equal(r->type, 0xa3);
	assert_int_equal(r->request, 0);
	assert_int_equal(r->length, 4);
	memset(r->data, 0, 4);
	if (h->powered >> r->index & 1)
		r->data[1] = h->super ? 0x02 : 0x01;
	r->data[0] = !h->super && bus.there && (!h->cuts || r->data[1]);
	return 4;
}

static int fake_reset(struct usb_port *p)
{
	(void)p;
	assert_non_null(bus.opened);
	bus.resets++;
	return bus.reset_end;
}

static void fake_close(struct usb_port *p)
{
	(void)p;
	bus.open = NULL;
	bus.opened = NULL;
	bus.closes++;
}

static int number_now(const struct usb_rescue *r, const char *where)
{
	(void)r;
	assert_string_equal(where, "1-2.3");
	return bus.there ? bus.number : 0;
}

static const struct usb_port_ops fake_ops = {
	.open = fake_open,
	.control = fake_control,
	.reset = fake_reset,
	.close = fake_close,
};

static int one_hub(void **state)
{
	(void)state;
	memset(&bus, 0, sizeof(bus));
	bus.port.ops = &fake_ops;
	bus.hubs[0] = (struct hub){
		.name = "1-2", .each = true, .obeys = true, .cuts = true, .powered = ~0u
	};
	bus.there = true;
	bus.number = 5;
	clock_virtual_init(&virtual_clock);
	rescue = (struct usb_rescue){ &bus.port, &virtual_clock.base, root, number_now };
	strcpy(root, "/tmp/keybench-hub-XXXXXX");
	return !mkdtemp(root);
}

/* Its other side, "2-1", port 1. */
static int socket_of_usb3(void **state)
{
	char command[300];

	if (one_hub(state))
		return -1;
	bus.hubs[0].cuts = false;
	bus.hubs[1] = (struct hub){
		.name = "2-1", .super = true, .each = true, .obeys = true, .powered = ~0u
	};
	snprintf(command, sizeof(command),
		 "d=%s/sys/bus/usb/devices/1-2:1.0/1-2-port3; mkdir -p $d && ln -s "
		 "../../2-1/2-1:1.0/2-1-port1 $d/peer",
		 root);
	return system(command);
}

static int nothing_open(void **state)
{
	char command[64];

	(void)state;
	assert_int_equal(bus.opens, bus.closes);
	snprintf(command, sizeof(command), "rm -rf %s", root);
	return system(command);
}

static void a_port_is_of_the_hub_before_it(void **state)
{
	struct usb_hub_port at;
	static const char *const none[] = { "",     "1",     "1-",
					    "-2",   "1-2.",  "1-2..3",
					    "1-0",  "x-2",   "1-2:1.0",
					    "usb1", "1-256", "1-2.3.99999999999",
					    "256-1" };

	(void)state;
	assert_int_equal(usb_hub_of(&at, "1-2.3"), 0);
	assert_string_equal(at.hub, "1-2");
	assert_int_equal(at.port, 3);
	assert_int_equal(usb_hub_of(&at, "12-4"), 0);
	assert_string_equal(at.hub, "usb12");
	assert_int_equal(at.port, 4);
	assert_int_equal(usb_hub_of(&at, "3-1.4.2"), 0);
	assert_string_equal(at.hub, "3-1.4");
	assert_int_equal(at.port, 2);
	for (size_t i = 0; i < sizeof(none) / sizeof(*none); i++)
		assert_int_equal(usb_hub_of(&at, none[i]), ERR_USAGE);
}

static void power_goes_off_for_as_long_as_asked_and_comes_back(void **state)
{
	struct err err = { 0 };

	(void)state;
	if (usb_cycle_power_at(&rescue, "1-2.3", 2 * NS_PER_S, &err))
		fail_msg("%s", err.text);
	assert_string_equal(bus.said, "1-2 2301 0008 0003 0; 1-2 2303 0008 0003 0; ");
	assert_true(bus.was_off_ns >= 2 * NS_PER_S);
	assert_true(bus.was_off_ns < 3 * NS_PER_S);
	assert_true(bus.there);
}

static void both_sides_of_a_usb3_socket_are_switched(void **state)
{
	(void)state;
	bus.hubs[0].cuts = true;
	assert_int_equal(usb_cycle_power_at(&rescue, "1-2.3", NS_PER_S, NULL), 0);
	assert_string_equal(bus.said, "2-1 2301 0008 0001 0; 1-2 2301 0008 0003 0; "
				      "1-2 2303 0008 0003 0; 2-1 2303 0008 0001 0; ");
	assert_int_equal(bus.hubs[0].powered, ~0u);
	assert_int_equal(bus.hubs[1].powered, ~0u);
}

static void a_kernel_that_hears_of_it_late_is_waited_for(void **state)
{
	(void)state;
	bus.sleeps = true;
	assert_int_equal(usb_cycle_power_at(&rescue, "1-2.3", NS_PER_S, NULL), 0);
	assert_int_equal(bus.number, 6);
}

static void refused(int code, const char *why)
{
	struct err err = { 0 };

	assert_int_equal(usb_cycle_power_at(&rescue, "1-2.3", NS_PER_S, &err), code);
	if (!strstr(err.text, why))
		fail_msg("'%s' says nothing of '%s'", err.text, why);
	for (int i = 0; i < 2; i++)
		assert_true(!bus.hubs[i].name || bus.hubs[i].powered == ~0u);
}

static void a_hub_that_only_says_so_is_found_out(void **state)
{
	(void)state;
	bus.hubs[0].cuts = false;
	refused(ERR_UNSUPPORTED, "still connected");
}

static void one_that_does_not_even_say_so_too(void **state)
{
	(void)state;
	bus.hubs[0].obeys = false;
	refused(ERR_UNSUPPORTED, "told to be off, and is not");
}

static void ports_that_are_switched_together_are_left_alone(void **state)
{
	(void)state;
	bus.hubs[0].each = false;
	refused(ERR_UNSUPPORTED, "cannot switch port 3 alone");
	assert_null(strstr(bus.said, "2301"));
}

static void what_cannot_be_asked_is_said(void **state)
{
	(void)state;
	bus.hubs[0].stumbles = 100;
	refused(ERR_TIMEOUT, "asking the hub 1-2");
	bus.hubs[0].name = NULL;
	refused(ERR_GONE, "opening the hub 1-2");
	assert_int_equal(usb_cycle_power_at(&rescue, "/dev/ttyUSB0", NS_PER_S, NULL),
			 ERR_USAGE);
}

static void power_is_never_left_off_by_a_stumble(void **state)
{
	(void)state;
	bus.hubs[0].faints = true;
	refused(ERR_TIMEOUT, "asking for a port of the hub 1-2");
	assert_true(bus.there);
	assert_string_equal(bus.said, "1-2 2301 0008 0003 0; 1-2 2303 0008 0003 0; ");
}

static void a_device_that_is_gone_anyhow_needs_no_proof_that_it_leaves(void **state)
{
	(void)state;
	bus.there = false;
	bus.hubs[0].cuts = false;
	assert_int_equal(usb_cycle_power_at(&rescue, "1-2.3", NS_PER_S, NULL), 0);
}

static void a_reset_is_done_where_the_device_is_plugged_in(void **state)
{
	struct err err = { 0 };

	(void)state;
	assert_int_equal(usb_reset_at(&rescue, "1-2.3", NULL), 0);
	assert_int_equal(bus.resets, 1);
	bus.reset_end = USB_GONE; /* it has another number now */
	assert_int_equal(usb_reset_at(&rescue, "1-2.3", NULL), 0);
	bus.reset_end = USB_FAILED;
	assert_int_equal(usb_reset_at(&rescue, "1-2.3", &err), ERR_IO);
	bus.there = false;
	assert_int_equal(usb_reset_at(&rescue, "1-2.3", &err), ERR_GONE);
}

/* KEYBENCH_USB_PORT=1-1.2: a device there, and a hub that switches its power; as root (make lab-check). */
static void a_real_port_too(void **state)
{
	const char *where = getenv("KEYBENCH_USB_PORT");
	struct err err = { 0 };

	(void)state;
	if (usb_rescue_reset(where, &err) || usb_rescue_power(where, NS_PER_S, &err))
		fail_msg("%s", err.text);
}

#define WITH(setup, f) cmocka_unit_test_setup_teardown(f, setup, nothing_open)

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_port_is_of_the_hub_before_it),
		WITH(one_hub, power_goes_off_for_as_long_as_asked_and_comes_back),
		WITH(one_hub, a_kernel_that_hears_of_it_late_is_waited_for),
		WITH(socket_of_usb3, both_sides_of_a_usb3_socket_are_switched),
		WITH(one_hub, a_hub_that_only_says_so_is_found_out),
		WITH(socket_of_usb3, a_hub_that_only_says_so_is_found_out),
		WITH(one_hub, one_that_does_not_even_say_so_too),
		WITH(one_hub, ports_that_are_switched_together_are_left_alone),
		WITH(one_hub, what_cannot_be_asked_is_said),
		WITH(one_hub, power_is_never_left_off_by_a_stumble),
		WITH(one_hub, a_device_that_is_gone_anyhow_needs_no_proof_that_it_leaves),
		WITH(one_hub, a_reset_is_done_where_the_device_is_plugged_in),
	};
	const struct CMUnitTest real[] = { cmocka_unit_test(a_real_port_too) };

	cmocka_set_message_output(CM_OUTPUT_TAP);
	if (getenv("KEYBENCH_USB_PORT"))
		return cmocka_run_group_tests(real, NULL, NULL);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
