#include "tools/usbemu/gadget_bench.h"

#include "tools/usbemu/products.h"

#define STICK "  reader0: {chip: pn533, usb: scl3711}\n"
#define OTHERS \
	"  relay0: {board: dcttech, channels: 4, serial: BENCH}\n" \
	"  phone: {channel: 1, echo: yes}\n"

static int set_up(void **state)
{
	*state = new_host(STICK OTHERS);
	return 0;
}

static int tear_down(void **state)
{
	free_host(*state);
	return 0;
}

static const struct usb_product *products[] = { &scl3711, &scl3712, &acr122u, NULL };

static void descriptors_say_how_long_they_are(void **state)
{
	(void)state;
	products[3] = dcttech_product(8);
	for (size_t i = 0; i < sizeof(products) / sizeof(products[0]); i++) {
		const struct usb_product *p = products[i];
		struct bytes c = p->configuration;
		size_t at = 0, in = 0;

		assert_int_equal(p->device[0], 18);
		assert_int_equal(c.data[2] | c.data[3] << 8, c.len);
		for (; at < c.len; at += c.data[at]) {
			assert_true(c.data[at] >= 2);
			in += c.data[at + 1] == 5 && c.data[at + 2] == (0x80 | p->in);
		}
		assert_int_equal(at, c.len);
		assert_int_equal(in, 1);
	}
	assert_null(dcttech_product(3));
}

static void a_host_reads_who_it_is(void **state)
{
	struct host *h = *state;

	assert_int_equal(control(h, &h->reader, 0x80, 6, 0x0100, 0, 64, NULL), 18);
	assert_memory_equal(h->data + 8, "\xe6\x04\x91\x55", 4);
	assert_int_equal(control(h, &h->reader, 0x80, 6, 0x0200, 0, 9, NULL), 9);
	assert_int_equal(h->data[2], 32);
	assert_int_equal(control(h, &h->reader, 0x80, 6, 0x0300, 0, 255, NULL), 4);
	assert_int_equal(control(h, &h->relay, 0x80, 6, 0x0302, 0x409, 255, NULL), 20);
	assert_memory_equal(h->data + 2, "U\0S\0B\0R\0e\0l\0a\0y\0004\0", 18);
	assert_int_equal(control(h, &h->relay, 0x81, 6, 0x2200, 0, 22, NULL), 22);
}

static void what_it_does_not_have_stalls(void **state)
{
	struct host *h = *state;
	struct usbip_urb u = { .in = true, .endpoint = 4, .length = 64 };

	/* no device qualifier, string 7, second configuration, vendor request */
	assert_int_equal(control(h, &h->reader, 0x80, 6, 0x0600, 0, 10, NULL), USB_STALL);
	assert_int_equal(control(h, &h->reader, 0x80, 6, 0x0307, 0, 10, NULL), USB_STALL);
	assert_int_equal(control(h, &h->reader, 0x00, 9, 2, 0, 0, NULL), USB_STALL);
	assert_int_equal(control(h, &h->reader, 0xc0, 1, 0, 0, 4, NULL), USB_STALL);
	/* nor has it endpoints before it is configured, nor ever an endpoint 5 */
	transfer(h, &h->reader, &u, 0);
	assert_int_equal(h->status, USB_STALL);
	configure(h, &h->reader);
	u.endpoint = 5;
	transfer(h, &h->reader, &u, 0);
	assert_int_equal(h->status, USB_STALL);
}

static void a_message_of_whole_packets_ends_with_an_empty_one(void **state)
{
	struct host *h = *state;
	uint8_t message[128];

	for (size_t i = 0; i < sizeof(message); i++)
		message[i] = (uint8_t)i;
	configure(h, &h->reader);
	usb_device_say(&h->reader.usb, BYTES_OF(message));
	assert_int_equal(bulk_in(h, &h->reader, 4, 64, 0), 64);
	assert_int_equal(bulk_in(h, &h->reader, 4, 64, 0), 64);
	assert_int_equal(h->data[0], 64);
	assert_int_equal(bulk_in(h, &h->reader, 4, 64, 0), 0);
	assert_int_equal(bulk_in(h, &h->reader, 4, 64, 0), -1);
	/* with room for more the empty packet ends the transfer itself */
	usb_device_say(&h->reader.usb, BYTES_OF(message));
	assert_int_equal(bulk_in(h, &h->reader, 4, 275, 0), 128);
	assert_int_equal(bulk_in(h, &h->reader, 4, 275, 0), -1);
}

static void more_than_a_host_has_room_for_is_babble(void **state)
{
	struct host *h = *state;
	static const uint8_t message[12];

	configure(h, &h->reader);
	usb_device_say(&h->reader.usb, BYTES_OF(message));
	assert_int_equal(bulk_in(h, &h->reader, 4, 6, 0), USB_BABBLE);
}

static void a_transfer_that_was_taken_back_gets_nothing(void **state)
{
	struct host *h = *state;
	struct usbip_urb first = { .in = true, .endpoint = 4, .length = 64 },
			 second = first;
	uint32_t number;

	configure(h, &h->reader);
	number = transfer(h, &h->reader, &first, 5);
	assert_false(h->over);
	assert_true(usb_device_unlink(&h->reader.usb, number));
	assert_false(usb_device_unlink(&h->reader.usb, number));
	number = transfer(h, &h->reader, &second, 5);
	usb_device_say(&h->reader.usb, BYTES((const uint8_t *)"x", 1));
	assert_true(h->over);
	assert_int_equal(h->over_seqnum, number);
	assert_false(usb_device_unlink(&h->reader.usb, number));
}

static void the_endpoint_of_a_relay_board_never_says_anything(void **state)
{
	struct host *h = *state;

	configure(h, &h->relay);
	assert_int_equal(bulk_in(h, &h->relay, 1, 8, 1000), -1);
}

static void so_many_transfers_and_no_more(void **state)
{
	struct host *h = *state;
	struct usbip_urb u = { .in = true, .endpoint = 4, .length = 64 };

	configure(h, &h->reader);
	for (int i = 0; i < USB_WAITING; i++) {
		transfer(h, &h->reader, &u, 0);
		assert_false(h->over);
	}
	transfer(h, &h->reader, &u, 0);
	assert_int_equal(h->status, USB_STALL);
	h->transfers = 0;
	usb_device_power(&h->reader.usb, false);
	assert_int_equal(h->transfers, 0);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(descriptors_say_how_long_they_are),
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
		TEST(a_host_reads_who_it_is),
		TEST(what_it_does_not_have_stalls),
		TEST(a_message_of_whole_packets_ends_with_an_empty_one),
		TEST(more_than_a_host_has_room_for_is_babble),
		TEST(a_transfer_that_was_taken_back_gets_nothing),
		TEST(the_endpoint_of_a_relay_board_never_says_anything),
		TEST(so_many_transfers_and_no_more),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
