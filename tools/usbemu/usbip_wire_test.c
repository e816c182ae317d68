#include "tools/usbemu/usbip_wire.h"

#include "bench/core/err.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static struct bytes of_hex(const char *text, uint8_t *room, size_t size)
{
	int n = hex_parse(text, room, size);

	assert_true(n > 0);
	return BYTES(room, (size_t)n);
}

/* The examples of the protocol's own description, shortened to 16 bytes of data. */
#define SUBMIT_IN \
	"00000001 00000d05 0001000f 00000001 00000001 00000200 00000010 ffffffff " \
	"00000000 00000004 00000000 00000000"
#define SUBMIT_OUT \
	"00000001 00000d06 0001000f 00000000 00000001 00000000 00000010 ffffffff " \
	"00000000 00000004 00000000 00000000 ffffffff860008a784ce5ae212376300"
#define SUBMITTED_OUT \
	"00000003 00000d06 00000000 00000000 00000000 00000000 00000010 00000000 " \
	"00000000 00000000 00000000 00000000"

static void the_published_examples_are_understood(void **state)
{
	uint8_t room[128];
	struct usbip_urb u;

	(void)state;
	assert_int_equal(usbip_parse_urb(of_hex(SUBMIT_IN, room, sizeof(room)), &u), 48);
	assert_int_equal(u.command, USBIP_SUBMIT);
	assert_int_equal(u.seqnum, 0xd05);
	assert_int_equal(u.devid, 0x1000f);
	assert_true(u.in);
	assert_int_equal(u.endpoint, 1);
	assert_int_equal(u.length, 16);
	assert_int_equal(u.data.len, 0);
	assert_int_equal(usbip_parse_urb(of_hex(SUBMIT_OUT, room, sizeof(room)), &u), 64);
	assert_false(u.in);
	assert_int_equal(u.data.len, 16);
	assert_int_equal(u.data.data[4], 0x86);
	assert_int_equal(
		usbip_parse_answer(of_hex(SUBMITTED_OUT, room, sizeof(room)), &u), 48);
	assert_int_equal(u.seqnum, 0xd06);
	assert_int_equal(u.length, 16);
}

static void an_answer_is_built_as_the_published_one(void **state)
{
	uint8_t want[64], got[64];
	struct buf b = BUF_ON(got);
	struct usbip_urb u = { .command = USBIP_SUBMITTED,
			       .seqnum = 0xd06,
			       .length = 16 };

	(void)state;
	usbip_build_answer(&b, &u);
	assert_true(
		bytes_equal(buf_bytes(&b), of_hex(SUBMITTED_OUT, want, sizeof(want))));
}

static void a_control_request_keeps_its_setup(void **state)
{
	uint8_t room[64];
	struct buf b = BUF_ON(room);
	struct usbip_urb u = { .command = USBIP_SUBMIT,
			       .seqnum = 7,
			       .in = true,
			       .length = 18,
			       .setup = { 0x80, 6, 0x0100, 0, 18 } },
			 got;

	(void)state;
	usbip_build_urb(&b, &u);
	/* GET_DESCRIPTOR as it stands on a USB */
	assert_memory_equal(b.data + 40, "\x80\x06\x00\x01\x00\x00\x12\x00", 8);
	assert_int_equal(usbip_parse_urb(buf_bytes(&b), &got), 48);
	assert_int_equal(got.setup.value, 0x0100);
	assert_int_equal(got.setup.length, 18);
}

static void what_has_not_all_come_is_waited_for(void **state)
{
	uint8_t room[128];
	struct bytes whole = of_hex(SUBMIT_OUT, room, sizeof(room));
	struct usbip_urb u;
	struct usbip_ask ask;

	(void)state;
	for (size_t n = 0; n < whole.len; n++)
		assert_int_equal(usbip_parse_urb(BYTES(whole.data, n), &u), 0);
	whole = of_hex("0111 8003 00000000 312d310000000000000000000000000000000000000000"
		       "000000000000000000",
		       room, sizeof(room));
	for (size_t n = 0; n < whole.len; n++)
		assert_int_equal(usbip_parse_ask(BYTES(whole.data, n), &ask), 0);
	assert_int_equal(usbip_parse_ask(whole, &ask), 40);
	assert_string_equal(ask.busid, "1-1");
}

static void what_is_no_usbip_is_refused(void **state)
{
	static const struct {
		const char *hex;
		int rc;
	} asks[] = { { "47455420 2f20485454502f", ERR_FORMAT }, /* GET / HTTP/ */
		     { "0106 0005 00000000", ERR_FORMAT },
		     { "0111 8004 00000000", ERR_UNSUPPORTED } },
	  urbs[] = {
		  { "00000003 00000d05 0001000f 00000001 00000001 00000200 00000010 "
		    "ffffffff 00000000 00000004 00000000 00000000",
		    ERR_FORMAT },
		  { "00000001 00000d05 0001000f 00000001 00000010 00000200 00000010 "
		    "ffffffff 00000000 00000004 00000000 00000000",
		    ERR_FORMAT }, /* there is no endpoint 16 */
		  { "00000001 00000d05 0001000f 00000000 00000001 00000200 ffffffff "
		    "ffffffff 00000000 00000004 00000000 00000000",
		    ERR_RANGE },
		  { "00000001 00000d05 0001000f 00000001 00000001 00000200 00000010 "
		    "ffffffff 00000003 00000004 00000000 00000000",
		    ERR_UNSUPPORTED }, /* isochronous */
	  };
	uint8_t room[128];
	struct usbip_ask ask;
	struct usbip_urb u;

	(void)state;
	for (size_t i = 0; i < sizeof(asks) / sizeof(asks[0]); i++)
		assert_int_equal(
			usbip_parse_ask(of_hex(asks[i].hex, room, sizeof(room)), &ask),
			asks[i].rc);
	for (size_t i = 0; i < sizeof(urbs) / sizeof(urbs[0]); i++)
		assert_int_equal(
			usbip_parse_urb(of_hex(urbs[i].hex, room, sizeof(room)), &u),
			urbs[i].rc);
}

static void a_device_survives_the_way(void **state)
{
	struct usbip_device d = { .path = "/keybench/reader0",
				  .busid = "1-1",
				  .busnum = 1,
				  .devnum = 3,
				  .speed = USB_SPEED_FULL,
				  .vendor = 0x04e6,
				  .product = 0x5591,
				  .configurations = 1,
				  .interface_count = 1,
				  .interfaces = { { 0xff, 0xff, 0xff } } },
			    got;
	uint8_t room[1024];
	struct buf b = BUF_ON(room);
	uint32_t count = 0;
	bool found = false;
	int n;

	(void)state;
	usbip_build_list(&b, 1);
	usbip_build_listed(&b, &d);
	assert_int_equal(b.len, 12 + 312 + 4);
	n = usbip_parse_list(buf_bytes(&b), &count);
	assert_int_equal(n, 12);
	assert_int_equal(count, 1);
	assert_int_equal(usbip_parse_listed(BYTES(b.data + n, b.len - n), &got), 316);
	assert_memory_equal(&got, &d, sizeof(d));
	buf_clear(&b);
	usbip_build_import(&b, &d);
	assert_int_equal(usbip_parse_import(buf_bytes(&b), &found, &got), 320);
	assert_true(found);
	assert_int_equal(got.product, 0x5591);
	buf_clear(&b);
	usbip_build_import(&b, NULL);
	assert_int_equal(usbip_parse_import(buf_bytes(&b), &found, &got), 8);
	assert_false(found);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_published_examples_are_understood),
		cmocka_unit_test(an_answer_is_built_as_the_published_one),
		cmocka_unit_test(a_control_request_keeps_its_setup),
		cmocka_unit_test(what_has_not_all_come_is_waited_for),
		cmocka_unit_test(what_is_no_usbip_is_refused),
		cmocka_unit_test(a_device_survives_the_way),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
