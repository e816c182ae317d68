#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "bench/core/err.h"
#include "drivers/relay/usb_hid_wire.h"

static void is_request(const struct usb_request *r, uint8_t type, uint8_t request,
		       const uint8_t data[8])
{
	assert_int_equal(r->type, type);
	assert_int_equal(r->request, request);
	assert_int_equal(r->value, 0x0300);
	assert_int_equal(r->index, 0);
	assert_int_equal(r->length, 8);
	assert_memory_equal(r->data, data, 8);
}

static void requests_are_the_published_bytes(void **state)
{
	struct usb_request r;

	(void)state;
	usb_hid_build_set(&r, 1, true);
	is_request(&r, 0x21, 9, (const uint8_t[8]){ 0xff, 1 });
	usb_hid_build_set(&r, 8, false);
	is_request(&r, 0x21, 9, (const uint8_t[8]){ 0xfd, 8 });
	usb_hid_build_all(&r, true);
	is_request(&r, 0x21, 9, (const uint8_t[8]){ 0xfe });
	usb_hid_build_all(&r, false);
	is_request(&r, 0x21, 9, (const uint8_t[8]){ 0xfc });
	usb_hid_build_get(&r);
	is_request(&r, 0xa1, 1, (const uint8_t[8]){ 0 });
}

static void a_board_is_known_by_its_product_string(void **state)
{
	static const char *const others[] = { "",           "USBRelay",  "USBRelay3",
					      "USBRelay44", "usbrelay4", "USBasp",
					      "USBRelay0" };

	(void)state;
	assert_int_equal(usb_hid_channels("USBRelay1"), 1);
	assert_int_equal(usb_hid_channels("USBRelay8"), 8);
	for (size_t i = 0; i < sizeof(others) / sizeof(*others); i++)
		assert_int_equal(usb_hid_channels(others[i]), ERR_FORMAT);
}

static void a_report_is_serial_and_state(void **state)
{
	struct usb_request r = { .data = "BITFT\0\0\x05" };
	struct usb_hid_report out = { .state = 77 };

	(void)state;
	assert_int_equal(usb_hid_parse(&r, 8, 4, &out), 0);
	assert_string_equal(out.serial, "BITFT");
	assert_int_equal(out.state, 5);
	out.state = 77;
	assert_int_equal(usb_hid_parse(&r, 7, 4, &out), ERR_FORMAT);
	assert_int_equal(usb_hid_parse(&r, 9, 4, &out), ERR_FORMAT);
	assert_int_equal(usb_hid_parse(&r, 8, 2, &out), ERR_RANGE);
	assert_int_equal(out.state, 77);
	r.data[2] = 0xff; /* a corrupted EEPROM */
	assert_int_equal(usb_hid_parse(&r, 8, 4, &out), 0);
	assert_string_equal(out.serial, "");
	assert_int_equal(out.state, 5);
}

/* The forms that programs in the field use; each switches channel 2 of a board of 4 on. */
static void the_board_takes_every_form_of_an_order(void **state)
{
	static const struct usb_request forms[] = {
		{ 0x21, 9, 0x0300, 0, 8, { 0xff, 2 } },    /* ours */
		{ 0x21, 9, 0x0200, 0, 8, { 0xff, 2 } },    /* hidraw: an output report */
		{ 0x20, 9, 0x0300, 0, 2, { 0xff, 2 } },    /* to the device, short */
		{ 0x21, 9, 0x0300, 0, 9, { 0, 0xff, 2 } }, /* with a report id */
	};

	(void)state;
	for (size_t i = 0; i < sizeof(forms) / sizeof(*forms); i++) {
		struct usb_hid_board b = { .channels = 4 };
		struct usb_request r = forms[i];

		assert_int_equal(usb_hid_board_hear(&b, &r), forms[i].length);
		assert_int_equal(b.state, 2);
	}
}

static void the_board_answers_every_form_of_the_question(void **state)
{
	static const struct usb_request forms[] = {
		{ 0xa1, 1, 0x0300, 0, 8, { 0 } },
		{ 0xa1, 1, 0x0301, 0, 9, { 0 } }, /* hidraw: 9 asked, 8 given */
		{ 0xa0, 1, 0x0300, 0, 8, { 0 } },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(forms) / sizeof(*forms); i++) {
		struct usb_hid_board b = { 4, { 'A', 'B', 'C', 'D', 'E' }, 9 };
		struct usb_request r = forms[i];

		assert_int_equal(usb_hid_board_hear(&b, &r), 8);
		assert_memory_equal(r.data, "ABCDE\0\0\x09", 8);
	}
}

static void the_board_obeys_what_it_has(void **state)
{
	struct usb_hid_board b = { .channels = 2 };
	struct usb_request r;

	(void)state;
	usb_hid_build_all(&r, true);
	usb_hid_board_hear(&b, &r);
	assert_int_equal(b.state, 3);
	usb_hid_build_set(&r, 3, true);
	usb_hid_board_hear(&b, &r);
	assert_int_equal(b.state, 3);
	usb_hid_build_set(&r, 1, false);
	usb_hid_board_hear(&b, &r);
	assert_int_equal(b.state, 2);
	usb_hid_build_all(&r, false);
	usb_hid_board_hear(&b, &r);
	assert_int_equal(b.state, 0);
	r.data[0] = 0xfa;
	memcpy(r.data + 1, "NEW42", 5);
	usb_hid_board_hear(&b, &r);
	assert_memory_equal(b.serial, "NEW42", 5);
}

static void what_is_no_report_stalls(void **state)
{
	static const struct usb_request bad[] = {
		{ 0x80, 6, 0x0100, 0, 8, { 0 } },  { 0x21, 10, 0, 0, 0, { 0 } },
		{ 0x21, 9, 0x0100, 0, 8, { 0 } },  { 0x21, 9, 0x0300, 0, 0, { 0 } },
		{ 0x21, 9, 0x0300, 0, 10, { 0 } }, { 0xa1, 1, 0x0302, 0, 8, { 0 } },
		{ 0xa1, 1, 0x0100, 0, 8, { 0 } },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
		struct usb_hid_board b = { .channels = 4 };
		struct usb_request r = bad[i];

		assert_int_equal(usb_hid_board_hear(&b, &r), ERR_UNSUPPORTED);
		assert_int_equal(b.state, 0);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(requests_are_the_published_bytes),
		cmocka_unit_test(a_board_is_known_by_its_product_string),
		cmocka_unit_test(a_report_is_serial_and_state),
		cmocka_unit_test(the_board_takes_every_form_of_an_order),
		cmocka_unit_test(the_board_answers_every_form_of_the_question),
		cmocka_unit_test(the_board_obeys_what_it_has),
		cmocka_unit_test(what_is_no_report_stalls),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
