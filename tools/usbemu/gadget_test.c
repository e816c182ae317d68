#include "tools/usbemu/gadget_bench.h"

#define STICK "  reader0: {chip: pn533, usb: scl3711}\n"
#define ACR "  reader0: {chip: pn532, usb: acr122u}\n"
#define OTHERS \
	"  relay0: {board: dcttech, channels: 2, serial: BENCH}\n" \
	"  phone: {channel: 1, echo: yes, jitter: 0, bounce: 0}\n"

static int set_up_stick(void **state)
{
	struct host *h = new_host(STICK OTHERS);

	configure(h, &h->reader);
	configure(h, &h->relay);
	*state = h;
	return 0;
}

static int set_up_acr(void **state)
{
	struct host *h = new_host(ACR OTHERS);

	configure(h, &h->reader);
	configure(h, &h->relay);
	*state = h;
	return 0;
}

static int tear_down(void **state)
{
	free_host(*state);
	return 0;
}

/* A command to the stick's chip; its ACK, then code and data of its response, in hex; "" without one. */
static const char *ask(struct host *h, const char *hex)
{
	uint8_t pd[300], room[320];
	struct buf frame = BUF_ON(room);
	struct pn53x_parser parser = { 0 };
	int n = hex_parse(hex, pd, sizeof(pd));

	assert_true(n > 0);
	pn53x_build(&frame, PN53X_HOST, BYTES(pd, (size_t)n));
	bulk_out(h, &h->reader, 4, buf_bytes(&frame));
	if (frame.len % 64 == 0)
		bulk_out(h, &h->reader, 4, BYTES(NULL, 0));
	assert_int_equal(bulk_in(h, &h->reader, 4, 275, 100), 6);
	assert_string_equal(came(h), "0000ff00ff00");
	if (bulk_in(h, &h->reader, 4, 275, 2000) < 0)
		return "";
	for (size_t i = 0; i < h->got.len; i++)
		if (pn53x_feed(&parser, h->got.data[i]) == PN53X_FRAME) {
			h->got = pn53x_body(&parser);
			h->got.data++;
			h->got.len--;
			return came(h);
		}
	return "";
}

static void board(struct host *h, const char *report)
{
	assert_int_equal(control(h, &h->relay, 0x21, 9, 0x0300, 0, 8, report), 8);
}

static void a_pn533_says_so(void **state)
{
	struct host *h = *state;
	char long_form[2 + 2 * 79 + 1] = "02";

	assert_string_equal(ask(h, "02"), "0333020707");
	/* as libnfc asks to repair what longer commands did to the chip's memory */
	memset(long_form + 2, '0', 2 * 79);
	assert_string_equal(ask(h, long_form), "0333020707");
}

static void its_registers_have_a_status_in_front(void **state)
{
	struct host *h = *state;

	assert_string_equal(ask(h, "08 63 02 80"), "0900");
	assert_string_equal(ask(h, "06 63 02 63 03"), "07008000");
}

static void what_a_pn533_lacks_is_an_error(void **state)
{
	struct host *h = *state;

	/* SAMConfiguration, InAutoPoll, PowerDown: the error frame, which has no such body */
	assert_string_equal(ask(h, "14 01"), "");
	assert_string_equal(ask(h, "60 01 01 00"), "");
	assert_string_equal(ask(h, "16 f0"), "");
	assert_string_equal(ask(h, "02"), "0333020707");
}

static void a_nack_brings_the_answer_again(void **state)
{
	struct host *h = *state;
	uint8_t room[8];
	struct buf nack = BUF_ON(room);

	ask(h, "02");
	pn53x_build_nack(&nack);
	bulk_out(h, &h->reader, 4, buf_bytes(&nack));
	assert_int_equal(bulk_in(h, &h->reader, 4, 275, 100), 13);
	assert_string_equal(came(h), "0000ff06fad50333020707e500");
}

static void the_relay_moves_the_phone_to_the_stick(void **state)
{
	struct host *h = *state;

	ask(h, "32 05 00 01 02");
	assert_string_equal(ask(h, "4a 01 00"), "4b00");
	board(h, "\xff\x01\0\0\0\0\0\0");
	pass_ms(h, 200);
	assert_memory_equal(ask(h, "4a 01 00"), "4b0101", 6);
	assert_string_equal(ask(h, "40 01 00 a4 04 00"), "410000a40400");
	board(h, "\xfd\x01\0\0\0\0\0\0");
	pass_ms(h, 200);
	assert_string_equal(ask(h, "40 01 00 a4 04 00"), "4101");
}

static void a_stick_that_was_unplugged_knows_nothing(void **state)
{
	struct host *h = *state;

	ask(h, "08 63 02 80");
	board(h, "\xff\x01\0\0\0\0\0\0");
	pass_ms(h, 200);
	assert_memory_equal(ask(h, "4a 01 00"), "4b0101", 6);
	usb_device_power(&h->reader.usb, false);
	usb_device_power(&h->reader.usb, true);
	configure(h, &h->reader);
	assert_string_equal(ask(h, "06 63 02"), "070000");
	assert_string_equal(ask(h, "40 01 00 a4 04 00"), "4127");
	assert_memory_equal(ask(h, "4a 01 00"), "4b0101", 6);
}

static void a_stick_that_hangs_comes_round_with_a_reset(void **state)
{
	struct host *h = *state;

	free_host(h);
	h = *state =
		new_host(STICK OTHERS
			 "  faults: [{device: reader0, at: {command: 1}, do: silent}]\n");
	configure(h, &h->reader);
	for (int i = 0; i < 2; i++) {
		bulk_out(h, &h->reader, 4,
			 BYTES((const uint8_t *)"\0\0\xff\x02\xfe\xd4\x02\x2a\0", 9));
		assert_int_equal(bulk_in(h, &h->reader, 4, 64, 1000), -1);
	}
	configure(h, &h->reader); /* as libnfc does: no reset */
	bulk_out(h, &h->reader, 4,
		 BYTES((const uint8_t *)"\0\0\xff\x02\xfe\xd4\x02\x2a\0", 9));
	assert_int_equal(bulk_in(h, &h->reader, 4, 64, 1000), -1);
	assert_int_equal(control(h, &h->reader, 0x80, 6, 0x0100, 0, 18, NULL), 18);
	configure(h, &h->reader);
	assert_string_equal(ask(h, "02"), "0333020707");
}

/* An exchange of which the answer is never fetched, and what came of it on the desk. */
static void a_plan_unplugs_inside_an_apdu(void **state)
{
	struct host *h = new_host(
		STICK OTHERS "  faults:\n    - {device: reader0, at: {exchange: 1}, do: "
			     "unplug, block: 1, by: 300 ms}\n"
			     "    - {device: relay0, at: {command: 3}, do: unplug}\n");
	static const uint8_t exchange[] = { 0x00, 0x00, 0xff, 0x05, 0xfb, 0xd4,
					    0x40, 0x01, 0x00, 0xa4, 0x47, 0x00 };

	(void)state;
	configure(h, &h->reader);
	configure(h, &h->relay);
	board(h, "\xff\x01\0\0\0\0\0\0");
	board(h, "\xff\x02\0\0\0\0\0\0");
	pass_ms(h, 200);
	assert_int_equal(h->unplugged, -1);
	ask(h, "4a 01 00");
	assert_int_equal(h->unplugged, -1);
	bulk_out(h, &h->reader, 4, BYTES_OF(exchange));
	assert_int_equal(bulk_in(h, &h->reader, 4, 275, 100), 6);
	pass_ms(h, 50);
	assert_int_equal(h->unplugged, 0);
	assert_int_equal(h->away_ns, 300 * NS_PER_MS);
	board(h, "\xfe\0\0\0\0\0\0\0");
	assert_int_equal(h->unplugged, 1);
	assert_int_equal(h->away_ns, 0);
	free_host(h);
}

static uint8_t relays(struct host *h)
{
	assert_int_equal(control(h, &h->relay, 0xa1, 1, 0x0301, 0, 9, NULL), 8);
	assert_memory_equal(h->data, "BENCH", 5);
	return h->data[7];
}

static void a_relay_board_takes_all_forms(void **state)
{
	struct host *h = *state;

	assert_int_equal(relays(h), 0);
	/* Debian's usbrelay through hidraw: an output report, and id 1 when it reads */
	assert_int_equal(
		control(h, &h->relay, 0x21, 9, 0x0200, 0, 8, "\xff\x01\0\0\0\0\0\0"), 8);
	assert_int_equal(relays(h), 1);
	/* labgrid: to the device, two bytes */
	assert_int_equal(control(h, &h->relay, 0x20, 9, 0x0300, 0, 2, "\xff\x02"), 2);
	assert_int_equal(control(h, &h->relay, 0xa0, 1, 0x0300, 0, 8, NULL), 8);
	assert_int_equal(h->data[7], 3);
	/* HID's own feature report; with an id that is not there */
	board(h, "\xfd\x01\0\0\0\0\0\0");
	assert_int_equal(relays(h), 2);
	assert_int_equal(
		control(h, &h->relay, 0x21, 9, 0x0300, 0, 9, "\0\xfc\0\0\0\0\0\0\0"), 9);
	assert_int_equal(relays(h), 0);
	/* what usbhid says when it takes the board */
	assert_int_equal(control(h, &h->relay, 0x21, 10, 0, 0, 0, NULL), 0);
	assert_int_equal(control(h, &h->relay, 0x21, 11, 0, 0, 0, NULL), USB_STALL);
}

static void a_request_takes_the_time_of_a_slow_bus(void **state)
{
	struct host *h = *state;
	int64_t before = world_now(h->world);

	board(h, "\xff\x01\0\0\0\0\0\0");
	assert_true(world_now(h->world) - before >= 3 * NS_PER_MS);
}

static void a_board_without_power_drops_its_coils(void **state)
{
	struct host *h = *state;

	board(h, "\xfe\0\0\0\0\0\0\0");
	pass_ms(h, 200);
	assert_memory_equal(ask(h, "4a 01 00"), "4b0101", 6);
	assert_false(desk_is_safe(h->desk));
	usb_device_power(&h->relay.usb, false);
	assert_true(desk_is_safe(h->desk));
	pass_ms(h, 200);
	ask(h, "32 05 00 01 02");
	assert_string_equal(ask(h, "4a 01 00"), "4b00");
	usb_device_power(&h->relay.usb, true);
	configure(h, &h->relay);
	assert_int_equal(relays(h), 0);
}

/* A CCID message to the ACR122U, "6f" and an APDU; the type and data of its answer in hex, status and error apart. */
static const char *ccid(struct host *h, uint8_t type, const char *hex, int64_t ms)
{
	static char text[700];
	uint8_t data[300], room[320];
	struct buf b = BUF_ON(room);
	int n = *hex ? hex_parse(hex, data, sizeof(data)) : 0;
	struct ccid_message m = { .type = type, .seq = 9, .data = BYTES(data, n) };

	assert_true(n >= 0);
	ccid_build(&b, &m);
	bulk_out(h, &h->reader, 2, buf_bytes(&b));
	if (bulk_in(h, &h->reader, 2, 275, ms) < CCID_HEAD)
		return "";
	assert_int_equal(h->data[6], 9);
	assert_int_equal(h->data[1] | h->data[2] << 8, h->got.len - CCID_HEAD);
	snprintf(text, sizeof(text), "%02x ", h->data[0]);
	hex_of(BYTES(h->data + CCID_HEAD, h->got.len - CCID_HEAD), text + 3,
	       sizeof(text) - 3);
	return text;
}

static void an_acr122_is_opened_as_libnfc_does(void **state)
{
	struct host *h = *state;

	assert_string_equal(ccid(h, 0x62, "", 100), "80 3b00");
	assert_string_equal(ccid(h, 0x6f, "ff 00 51 00 00", 100), "80 9000");
	assert_int_equal(h->data[8], 0x81);
	assert_string_equal(ccid(h, 0x6f, "ff 00 00 00 02 d4 02", 100),
			    "80 d503320106079000");
	assert_string_equal(ccid(h, 0x6f, "ff 00 00 00 03 d4 12 14", 100), "80 d5139000");
	/* as an escape command it is answered as one */
	assert_string_equal(ccid(h, 0x6b, "ff 00 48 00 00", 100),
			    "83 41435231323255323134");
}

static void its_chip_wakes_up_by_itself(void **state)
{
	struct host *h = *state;

	assert_string_equal(ccid(h, 0x6f, "ff 00 00 00 03 d4 16 f0", 100),
			    "80 d517009000");
	pass_ms(h, 20);
	assert_string_equal(ccid(h, 0x6f, "ff 00 00 00 02 d4 02", 100),
			    "80 d503320106079000");
}

static void a_phone_is_reached_through_it(void **state)
{
	struct host *h = *state;

	board(h, "\xff\x01\0\0\0\0\0\0");
	pass_ms(h, 200);
	assert_memory_equal(ccid(h, 0x6f, "ff 00 00 00 04 d4 4a 01 00", 100),
			    "80 d54b0101", 11);
	assert_string_equal(ccid(h, 0x6f, "ff 00 00 00 06 d4 40 01 00 a4 04", 500),
			    "80 d5410000a4049000");
}

static void it_tells_a_silent_chip_from_one_that_refuses(void **state)
{
	struct host *h = *state;

	assert_string_equal(ccid(h, 0x6f, "ff 00 00 00 02 d4 99", 100), "80 637f");
	/* polling without end: it gives up before the chip does */
	assert_string_equal(ccid(h, 0x6f, "ff 00 00 00 04 d4 4a 01 00", 1500), "");
	assert_int_equal(bulk_in(h, &h->reader, 2, 275, 1000), 12);
	assert_memory_equal(h->data + CCID_HEAD, "\x63\x00", 2);
}

static void nonsense_is_refused_and_does_no_harm(void **state)
{
	static const char *const apdus[] = { "ff",
					     "ff 00 00 00 20 d4 02",
					     "00 a4 04 00 00",
					     "ff 00 00 00 02 d5 02",
					     "ff c0 00 00 10",
					     "" };
	struct host *h = *state;
	uint8_t big[400] = { 0x6f, 0x86, 0x01 };

	for (size_t i = 0; i < sizeof(apdus) / sizeof(apdus[0]); i++)
		assert_string_equal(ccid(h, 0x6f, apdus[i], 100), "80 6300");
	assert_string_equal(ccid(h, 0x77, "", 100), "81 ");
	assert_int_equal(h->data[7], CCID_FAILED);
	/* 390 bytes of data are more than it takes */
	bulk_out(h, &h->reader, 2, BYTES_OF(big));
	assert_int_equal(bulk_in(h, &h->reader, 2, 275, 100), CCID_HEAD);
	assert_int_equal(h->data[8], 1);
	assert_string_equal(ccid(h, 0x6f, "ff 00 00 00 02 d4 02", 100),
			    "80 d503320106079000");
}

int main(void)
{
#define STICK_TEST(name) cmocka_unit_test_setup_teardown(name, set_up_stick, tear_down)
#define ACR_TEST(name) cmocka_unit_test_setup_teardown(name, set_up_acr, tear_down)
	static const struct CMUnitTest tests[] = {
		STICK_TEST(a_pn533_says_so),
		STICK_TEST(its_registers_have_a_status_in_front),
		STICK_TEST(what_a_pn533_lacks_is_an_error),
		STICK_TEST(a_nack_brings_the_answer_again),
		STICK_TEST(the_relay_moves_the_phone_to_the_stick),
		STICK_TEST(a_stick_that_was_unplugged_knows_nothing),
		cmocka_unit_test(a_plan_unplugs_inside_an_apdu),
		STICK_TEST(a_relay_board_takes_all_forms),
		STICK_TEST(a_request_takes_the_time_of_a_slow_bus),
		STICK_TEST(a_stick_that_hangs_comes_round_with_a_reset),
		STICK_TEST(a_board_without_power_drops_its_coils),
		ACR_TEST(an_acr122_is_opened_as_libnfc_does),
		ACR_TEST(its_chip_wakes_up_by_itself),
		ACR_TEST(a_phone_is_reached_through_it),
		ACR_TEST(it_tells_a_silent_chip_from_one_that_refuses),
		ACR_TEST(nonsense_is_refused_and_does_no_harm),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
