#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "drivers/lock.h"
#include "drivers/relay/usb_hid.h"
#include "drivers/relay_contract.h"

#include <unistd.h>

/* A bus of up to three devices, with everything that goes wrong on one. */
struct fake_device {
	struct usb_found found;
	struct usb_hid_board board;
	bool kernel_has; /* its driver is bound */
	bool other_has;  /* another program claimed it */
	bool unplugged;
};

struct fake {
	struct usb_port port;
	struct fake_device devices[3];
	int count;
	struct fake_device *open;
	bool claimed;
	int stumbles; /* so many requests to come end with .stumble */
	int stumble;
	int deaf_sets;    /* so many orders to come are taken and not obeyed */
	uint32_t stuck;   /* channels that stay on */
	int unplug_after; /* requests; 0: never */
	int requests, resets, frees;
	int denied; /* what open says, or 0 */
};

static struct fake fake;
static struct clock_virtual virtual_clock;
static struct relay_case under_test;

static struct fake *of(struct usb_port *p)
{
	return (struct fake *)p;
}

static int fake_list(struct usb_port *p, uint16_t vendor, uint16_t product,
		     struct usb_found out[USB_MAX_FOUND])
{
	int n = 0;

	assert_int_equal(vendor, 0x16c0);
	assert_int_equal(product, 0x05df);
	for (int i = 0; i < of(p)->count; i++)
		if (!of(p)->devices[i].unplugged)
			out[n++] = of(p)->devices[i].found;
	return n;
}

static int fake_open(struct usb_port *p, const char *port)
{
	assert_null(of(p)->open);
	if (of(p)->denied)
		return of(p)->denied;
	for (int i = 0; i < of(p)->count; i++)
		if (strcmp(of(p)->devices[i].found.port, port) == 0) {
			of(p)->open = &of(p)->devices[i];
			return 0;
		}
	return USB_GONE;
}

static int fake_detach(struct usb_port *p)
{
	bool had = of(p)->open->kernel_has;

	of(p)->open->kernel_has = false;
	return had;
}

static int fake_attach(struct usb_port *p)
{
	assert_false(of(p)->claimed); /* the kernel refuses that */
	if (of(p)->open->other_has)
		return USB_BUSY;
	of(p)->open->kernel_has = !of(p)->open->unplugged;
	return 0;
}

static int fake_claim(struct usb_port *p)
{
	if (of(p)->open->kernel_has || of(p)->open->other_has)
		return USB_BUSY;
	of(p)->claimed = true;
	return 0;
}

static int fake_release(struct usb_port *p)
{
	assert_true(of(p)->claimed);
	of(p)->claimed = false;
	return 0;
}

static int fake_control(struct usb_port *p, struct usb_request *r, int timeout_ms)
{
	struct fake *f = of(p);
	uint32_t before = f->open->board.state;
	int n;

	assert_true(f->claimed);
	assert_true(timeout_ms > 0 && timeout_ms <= 201);
	f->requests++;
	if (f->unplug_after && f->requests > f->unplug_after)
		f->open->unplugged = true;
	if (f->open->unplugged)
		return USB_GONE;
	if (f->stumbles) {
		f->stumbles--;
		virtual_clock.at_ns +=
			f->stumble == USB_TIMEOUT ? timeout_ms * NS_PER_MS : NS_PER_MS;
		return f->stumble;
	}
	virtual_clock.at_ns += 5 * NS_PER_MS;
	n = usb_hid_board_hear(&f->open->board, r);
	if (r->request == 9 && f->deaf_sets) {
		f->deaf_sets--;
		f->open->board.state = before;
	}
	f->open->board.state |= before & f->stuck;
	return n < 0 ? USB_PROTOCOL : n;
}

static int fake_reset(struct usb_port *p)
{
	of(p)->resets++;
	return of(p)->open->unplugged ? USB_GONE : 0;
}

static void fake_close(struct usb_port *p)
{
	assert_false(of(p)->claimed);
	of(p)->open = NULL;
}

static void fake_free(struct usb_port *p)
{
	assert_null(of(p)->open);
	of(p)->frees++;
}

static const struct usb_port_ops fake_ops = {
	.list = fake_list,
	.open = fake_open,
	.detach = fake_detach,
	.attach = fake_attach,
	.claim = fake_claim,
	.release = fake_release,
	.control = fake_control,
	.reset = fake_reset,
	.close = fake_close,
	.free = fake_free,
};

static struct fake_device *plug(const char *port, const char *name, const char *serial)
{
	struct fake_device *d = &fake.devices[fake.count++];
	int channels = usb_hid_channels(name);

	*d = (struct fake_device){ .found = { .simulated = true }, .kernel_has = true };
	snprintf(d->found.port, sizeof(d->found.port), "%s", port);
	snprintf(d->found.name, sizeof(d->found.name), "%s", name);
	d->board.channels = channels > 0 ? channels : 1;
	memcpy(d->board.serial, serial, sizeof(d->board.serial));
	return d;
}

static int no_device(void **state)
{
	*state = &under_test;
	fake = (struct fake){ .port = { &fake_ops } };
	clock_virtual_init(&virtual_clock);
	under_test = (struct relay_case){ 0 };
	return 0;
}

static int open_with(const struct usb_hid_options *o, struct err *err)
{
	return usb_hid_open(&under_test.relay, &fake.port, o, &virtual_clock.base, err);
}

static const struct usb_hid_options any;

static uint32_t coils(const struct relay_case *c)
{
	(void)c;
	return fake.devices[0].board.state;
}

static int usb_hid(void **state)
{
	struct err err = { 0 };

	no_device(state);
	plug("1-2.3", "USBRelay4", "ABCDE");
	if (open_with(&any, &err))
		fail_msg("%s", err.text);
	under_test.truth = coils;
	fake.requests = 0;
	return 0;
}

static int close_usb(void **state)
{
	(void)state;
	relay_close(under_test.relay);
	under_test.relay = NULL;
	assert_int_equal(fake.frees, 1);
	return 0;
}

static void the_kernels_driver_is_detached_and_given_back(void **state)
{
	assert_false(fake.devices[0].kernel_has);
	assert_true(fake.claimed);
	close_usb(state);
	assert_true(fake.devices[0].kernel_has);
}

static void it_is_given_back_too_when_a_killed_process_left_it_detached(void **state)
{
	close_usb(state);
	fake.frees = 0;
	fake.devices[0].kernel_has = false;
	fake.devices[0].board.state = 15;
	assert_int_equal(open_with(&any, NULL), 0);
	assert_int_equal(fake.devices[0].board.state, 0);
	close_usb(state);
	assert_true(fake.devices[0].kernel_has);
}

static void a_board_that_stumbles_is_asked_again(void **state)
{
	struct err err = { 0 };

	(void)state;
	for (int ends = USB_TIMEOUT; ends <= USB_PROTOCOL; ends++) {
		fake.stumble = ends;
		fake.stumbles = 2;
		if (relay_set(under_test.relay, 3, ends == USB_PROTOCOL, &err))
			fail_msg("%s", err.text);
		assert_int_equal(fake.stumbles, 0);
		assert_int_equal(fake.devices[0].board.state,
				 ends == USB_PROTOCOL ? 4 : 0);
		assert_int_equal(fake.resets, 0);
	}
}

static void one_that_goes_on_stumbling_is_reset_and_then_an_error(void **state)
{
	struct err err = { 0 };

	(void)state;
	fake.stumble = USB_PROTOCOL;
	fake.stumbles = 3;
	assert_int_equal(relay_set(under_test.relay, 1, true, &err), 0);
	assert_int_equal(fake.resets, 1);
	fake.stumbles = 1000;
	fake.requests = 0;
	assert_int_equal(relay_set(under_test.relay, 1, true, &err), ERR_IO);
	assert_non_null(strstr(err.text, "protocol"));
	assert_int_equal(fake.requests, 4);
	assert_int_equal(fake.resets, 2);
	fake.stumbles = 0;
}

static void no_call_takes_longer_than_a_worker_may_be_silent(void **state)
{
	int64_t before;
	struct err err = { 0 };

	(void)state;
	fake.stumble = USB_TIMEOUT;
	fake.stumbles = 1000;
	before = virtual_clock.at_ns;
	assert_int_equal(relay_set(under_test.relay, 1, true, &err), ERR_TIMEOUT);
	assert_true(virtual_clock.at_ns - before < NS_PER_S);
	before = virtual_clock.at_ns;
	assert_int_equal(relay_all_off(under_test.relay, &err), ERR_TIMEOUT);
	assert_true(virtual_clock.at_ns - before < NS_PER_S);
	fake.stumbles = 0;
}

static void a_latch_that_does_not_follow_is_told_once_more(void **state)
{
	struct err err = { 0 };

	(void)state;
	fake.deaf_sets = 1;
	assert_int_equal(relay_set(under_test.relay, 2, true, &err), 0);
	assert_int_equal(fake.devices[0].board.state, 2);
	fake.deaf_sets = 2;
	assert_int_equal(relay_set(under_test.relay, 4, true, &err), ERR_IO);
	assert_non_null(strstr(err.text, "0x8"));
	fake.stuck = 2;
	assert_int_equal(relay_all_off(under_test.relay, &err), ERR_IO);
	assert_non_null(strstr(err.text, "0x2"));
	fake.stuck = 0;
	assert_int_equal(relay_all_off(under_test.relay, &err), 0);
}

static void unplugged_while_energised_is_gone_and_says_what_was_on(void **state)
{
	struct err err = { 0 };

	assert_int_equal(relay_set(under_test.relay, 1, true, NULL), 0);
	assert_int_equal(relay_set(under_test.relay, 4, true, NULL), 0);
	fake.devices[0].unplugged = true;
	fake.requests = 0;
	assert_int_equal(relay_set(under_test.relay, 1, false, &err), ERR_GONE);
	assert_non_null(strstr(err.text, "0x9"));
	assert_int_equal(fake.requests, 1); /* nothing to be tried again */
	close_usb(state);
}

static void unplugged_between_order_and_read_back_is_gone(void **state)
{
	struct err err = { 0 };

	(void)state;
	fake.unplug_after = 1;
	assert_int_equal(relay_set(under_test.relay, 2, true, &err), ERR_GONE);
	assert_non_null(strstr(err.text, "0x2"));
}

static void refused(const struct usb_hid_options *o, int code, const char *text)
{
	struct err err = { 0 };

	fake.frees = 0;
	assert_int_equal(open_with(o, &err), code);
	if (!strstr(err.text, text))
		fail_msg("no '%s' in: %s", text, err.text);
	assert_int_equal(fake.frees, 1);
	assert_null(fake.open);
	assert_null(under_test.relay);
}

static void of_several_boards_the_rig_must_name_one(void **state)
{
	struct usb_hid_options second = { .port = "2-1" };
	struct usb_hid_options elsewhere = { .port = "2-7" };

	plug("1-2.3", "USBRelay2", "ABCDE");
	plug("2-1", "USBRelay8", "ABCDE");
	plug("1-4", "Gamepad", "xxxxx"); /* the id is shared: no board, never touched */
	refused(&any, ERR_USAGE, "1-2.3, 2-1");
	refused(&elsewhere, ERR_GONE, "2-7");
	fake.frees = 0;
	assert_int_equal(open_with(&second, NULL), 0);
	assert_ptr_equal(fake.open, &fake.devices[1]);
	close_usb(state);
	assert_true(fake.devices[2].kernel_has);
}

static void a_board_is_found_by_its_serial_too(void **state)
{
	struct usb_hid_options o = { .serial = "ZZZZZ" };
	struct relay_identity id;

	plug("1-1", "USBRelay2", "ABCDE");
	plug("1-2", "USBRelay2", "ZZZZZ");
	plug("1-3", "USBRelay2", "ZZZZY")->other_has = true;
	assert_int_equal(open_with(&o, NULL), 0);
	assert_ptr_equal(fake.open, &fake.devices[1]);
	assert_true(fake.devices[0].kernel_has); /* looked at and given back */
	assert_int_equal(relay_identity(under_test.relay, &id, NULL), 0);
	assert_string_equal(id.link, "usb 1-2");
	assert_non_null(strstr(id.model, "ZZZZZ"));
	close_usb(state);
	o.serial = "NONE0";
	fake.devices[1].unplugged = true;
	refused(&o, ERR_GONE, "another program");
}

static void a_board_with_a_lost_serial_still_works_by_its_port(void **state)
{
	struct usb_hid_options o = { .port = "1-1" };
	struct relay_identity id;

	plug("1-1", "USBRelay1", "\xff\xff\xff\xff\xff");
	assert_int_equal(open_with(&o, NULL), 0);
	assert_int_equal(relay_identity(under_test.relay, &id, NULL), 0);
	assert_int_equal(id.channels, 1);
	assert_non_null(strstr(id.model, "unreadable"));
	close_usb(state);
}

static void what_stands_in_the_way_is_said(void **state)
{
	struct usb_hid_options eight = { .channels = 8 };

	(void)state;
	refused(&any, ERR_GONE, "no USBRelay board");
	plug("1-1", "USBRelay4", "ABCDE");
	refused(&eight, ERR_RANGE, "4 channels");
	assert_true(fake.devices[0].kernel_has);
	fake.denied = USB_DENIED;
	refused(&any, ERR_IO, "permission");
	fake.denied = 0;
	fake.devices[0].other_has = true;
	refused(&any, ERR_IO, "another program");
	fake.devices[0].other_has = false;
	fake.devices[0].board.state = 1;
	fake.stuck = 1;
	refused(&any, ERR_IO, "0x1"); /* a coil that cannot be dropped */
}

static void who_has_the_board_is_said_however_it_was_found(void **state)
{
	struct usb_hid_options by_port = { .port = "usb-port:1-2.3" };
	struct err err = { 0 };
	int fd = -1;

	plug("1-2.3", "USBRelay4", "ABCDE");
	assert_int_equal(
		lock_take(&fd, "usb-port:1-2.3", "board of mine", "open", 0, NULL), 0);
	refused(&any, ERR_IO, "is held by process");
	refused(&by_port, ERR_IO, "the relay board at usb-port:1-2.3 is held by process");
	refused(&by_port, ERR_IO, "usb_hid_test");
	close(fd);
	fake.frees = 0;
	assert_int_equal(open_with(&any, &err), 0);
	assert_int_equal(
		lock_take(&fd, "usb-port:1-2.3", "board of mine", "open", 0, NULL),
		ERR_IO);
	close_usb(state);
	assert_int_equal(
		lock_take(&fd, "usb-port:1-2.3", "board of mine", "open", 0, NULL), 0);
	close(fd);
}

static char folder[32];

static int locks(void **state)
{
	(void)state;
	strcpy(folder, "/tmp/keybench-lock-XXXXXX");
	return !mkdtemp(folder) || setenv("KEYBENCH_LOCKS", folder, 1);
}

static int no_locks(void **state)
{
	char command[64];

	(void)state;
	snprintf(command, sizeof(command), "rm -rf %s", folder);
	return system(command);
}

#define ON(setup, f) cmocka_unit_test_setup(f, setup)
#define WITH(f) cmocka_unit_test_setup_teardown(f, usb_hid, close_usb)

int main(void)
{
	const struct CMUnitTest tests[] = {
		RELAY_CONTRACT(usb_hid, close_usb),
		ON(usb_hid, the_kernels_driver_is_detached_and_given_back),
		ON(usb_hid, it_is_given_back_too_when_a_killed_process_left_it_detached),
		WITH(a_board_that_stumbles_is_asked_again),
		WITH(one_that_goes_on_stumbling_is_reset_and_then_an_error),
		WITH(no_call_takes_longer_than_a_worker_may_be_silent),
		WITH(a_latch_that_does_not_follow_is_told_once_more),
		ON(usb_hid, unplugged_while_energised_is_gone_and_says_what_was_on),
		WITH(unplugged_between_order_and_read_back_is_gone),
		ON(no_device, of_several_boards_the_rig_must_name_one),
		ON(no_device, a_board_is_found_by_its_serial_too),
		ON(no_device, a_board_with_a_lost_serial_still_works_by_its_port),
		ON(no_device, what_stands_in_the_way_is_said),
		ON(no_device, who_has_the_board_is_said_however_it_was_found),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, locks, no_locks);
}
