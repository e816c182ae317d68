/*
 * The requests of labgrid's relay driver, through libusb, to the board at the port that KEYBENCH_USB_RELAY names;
 * without it there is nothing to ask.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#if WITH_LIBUSB

#include <libusb.h>

#define TIMEOUT_MS 5000

struct board {
	libusb_context *context;
	libusb_device_handle *handle;
};

static bool is_at(libusb_device *d, const char *port)
{
	uint8_t numbers[8];
	int count = libusb_get_port_numbers(d, numbers, sizeof(numbers));
	char text[64];
	int len = snprintf(text, sizeof(text), "%d", libusb_get_bus_number(d));

	for (int i = 0; i < count; i++)
		len += snprintf(text + len, sizeof(text) - (size_t)len, "%c%d",
				i ? '.' : '-', numbers[i]);
	return count > 0 && strcmp(text, port) == 0;
}

static int set_up(void **state)
{
	static struct board b;
	const char *port = getenv("KEYBENCH_USB_RELAY");
	libusb_device **list;
	ssize_t count;

	*state = &b;
	if (libusb_init(&b.context))
		return -1;
	count = libusb_get_device_list(b.context, &list);
	for (ssize_t i = 0; i < count; i++)
		if (is_at(list[i], port) && libusb_open(list[i], &b.handle))
			b.handle = NULL;
	libusb_free_device_list(list, 1);
	if (!b.handle)
		return -1;
	/* labgrid does the first alone, which leaves the board without hidraw */
	libusb_set_auto_detach_kernel_driver(b.handle, 1);
	return libusb_claim_interface(b.handle, 0);
}

static int tear_down(void **state)
{
	struct board *b = *state;

	if (b->handle) {
		libusb_release_interface(b->handle, 0);
		libusb_close(b->handle);
	}
	if (b->context)
		libusb_exit(b->context);
	return 0;
}

static int state_of(struct board *b)
{
	uint8_t report[8] = { 0 };

	assert_int_equal(libusb_control_transfer(b->handle, 0xa0, 1, 0x0300, 0, report,
						 sizeof(report), TIMEOUT_MS),
			 8);
	return report[7];
}

static void set(struct board *b, uint8_t what, uint8_t channel)
{
	uint8_t order[2] = { what, channel };

	assert_int_equal(libusb_control_transfer(b->handle, 0x20, 9, 0x0300, 0, order,
						 sizeof(order), TIMEOUT_MS),
			 2);
}

static void two_bytes_to_the_device_switch_a_relay(void **state)
{
	struct board *b = *state;

	set(b, 0xfd, 1);
	set(b, 0xfd, 2);
	assert_int_equal(state_of(b), 0);
	set(b, 0xff, 2);
	assert_int_equal(state_of(b), 2);
	set(b, 0xff, 1);
	assert_int_equal(state_of(b), 3);
	set(b, 0xfd, 2);
	set(b, 0xfd, 1);
	assert_int_equal(state_of(b), 0);
}

static void hids_own_feature_reports_do_too(void **state)
{
	uint8_t on[8] = { 0xff, 1 }, all_off[8] = { 0xfc }, report[8];
	struct board *b = *state;

	assert_int_equal(
		libusb_control_transfer(b->handle, 0x21, 9, 0x0300, 0, on, 8, TIMEOUT_MS),
		8);
	assert_int_equal(libusb_control_transfer(b->handle, 0xa1, 1, 0x0300, 0, report, 8,
						 TIMEOUT_MS),
			 8);
	assert_int_equal(report[7], 1);
	assert_int_equal(libusb_control_transfer(b->handle, 0x21, 9, 0x0300, 0, all_off,
						 8, TIMEOUT_MS),
			 8);
	assert_int_equal(state_of(b), 0);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(two_bytes_to_the_device_switch_a_relay),
		cmocka_unit_test(hids_own_feature_reports_do_too),
	};

	if (!getenv("KEYBENCH_USB_RELAY")) {
		puts("1..0 # SKIP no board is named in KEYBENCH_USB_RELAY");
		return 0;
	}
	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, set_up, tear_down);
}

#else

int main(void)
{
	puts("1..0 # SKIP built without libusb-1.0");
	return 0;
}

#endif
