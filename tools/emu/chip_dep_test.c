#include "tools/emu/chip_pair.h"

#include "tools/emu/chip_int.h"

/*
 * Peer-to-peer between two chips, as their hosts see it. The target is what Debian's nfc-dep-target asks for: NFCID2
 * 01fe 12 34 56 78 90 12, NFCID3 12 34 56 78 9a bc de ff 00 00, general bytes 12 34 56 78.
 */
#define BECOME_PEER \
	"8c 02 0800 123456 40 01fe123456789012 c0c1c2c3c4c5c6c7 0fab " \
	"123456789abcdeff0000 04 12345678 00"
#define ATTRIBUTES "123456789abcdeff0000 00 00 00 09 32 12345678"

static void prepare_peer(struct field *f, const char *become)
{
	start_chips(f);
	wake(&f->reader);
	wake(&f->card);
	send(&f->card, become);
	wait_ms(&f->card, 20);
	assert_int_equal(f->card.acks, 1);
	assert_int_equal(f->card.frames, 0);
}

/* Compare without the blanks of @wanted. */
static void is(const char *got, const char *wanted)
{
	char text[640];
	size_t n = 0;

	for (; *wanted; wanted++)
		if (*wanted != ' ')
			text[n++] = *wanted;
	text[n] = '\0';
	assert_string_equal(got, text);
}

static void jump(struct field *f)
{
	is(ask(&f->reader, "56 00 01 01 00ffff000f"), "57 00 01 " ATTRIBUTES);
	/* 212, FeliCa framing, NFCIP-1; ATR_REQ under NFCID2 */
	is(heard(&f->card), "8d 16 11 d400 01fe123456789012 5354 00 00 00 30");
}

static void swap(struct field *f, const char *c, const char *r)
{
	char command[1000];

	snprintf(command, sizeof(command), "40 01 %s", c);
	send(&f->card, "86");
	send(&f->reader, command);
	snprintf(command, sizeof(command), "87 00 %s", c);
	is(heard(&f->card), command);
	snprintf(command, sizeof(command), "8e %s", r);
	is(ask(&f->card, command), "8f 00");
	snprintf(command, sizeof(command), "41 00 %s", r);
	is(heard(&f->reader), command);
}

static void passive_at_212_finds_the_target_and_talks(void **state)
{
	struct field *f = *state;

	prepare_peer(f, BECOME_PEER);
	jump(f);
	swap(f, "48656c6c6f", "4d617273");
	swap(f, "00", "01");
	swap(f, "aa", "bb");
	is(ask(&f->card, "8a"), "8b 01 11");
	is(ask(&f->reader, "00 06"), "01 00");
}

static void passive_at_106_goes_by_selection(void **state)
{
	struct field *f = *state;

	prepare_peer(f, BECOME_PEER);
	is(ask(&f->reader, "56 00 00 02 000102030405060708 09"), "57 00 01 " ATTRIBUTES);
	is(heard(&f->card), "8d 04 11 d400 00010203040506070809 00 00 00 30");
	swap(f, "48656c6c6f", "4d617273");
}

static void active_mode_asks_at_once_with_general_bytes(void **state)
{
	struct field *f = *state;

	prepare_peer(f, BECOME_PEER);
	is(ask(&f->reader, "46 01 02 06 00010203040506070809 464f4f"),
	   "47 00 01 " ATTRIBUTES);
	is(heard(&f->card), "8d 25 14 d400 00010203040506070809 00 00 00 32 464f4f");
	swap(f, "01", "02");
}

static void a_passive_target_does_not_answer_in_active_mode(void **state)
{
	struct field *f = *state;
	char become[] = BECOME_PEER;

	become[4] = '3'; /* DEP only, passive only */
	prepare_peer(f, become);
	is(ask(&f->reader, "32 05 01 01 01"), "33");
	is(ask(&f->reader, "56 01 01 00"), "57 01");
	jump(f);
}

static void a_listed_target_is_asked_for_its_attributes(void **state)
{
	struct field *f = *state;

	prepare_peer(f, BECOME_PEER);
	is(ask(&f->reader, "50 01 00"), "51 27"); /* nobody was listed */
	is(ask(&f->reader, "32 01 01"), "33");
	is(ask(&f->reader, "4a 01 00"), "4b 01 01 0008 40 04 08123456");
	is(ask(&f->reader, "50 01 01 00010203040506070809"), "51 00 " ATTRIBUTES);
	is(heard(&f->card), "8d 04 11 d400 00010203040506070809 00 00 00 30");
	swap(f, "01", "02");
}

static void an_empty_field_gives_up_after_its_retries(void **state)
{
	struct field *f = *state;

	start_chips(f);
	wake(&f->reader);
	is(ask(&f->reader, "32 05 02 01 00"), "33");
	is(ask(&f->reader, "56 00 01 00"), "57 01");
	is(ask(&f->reader, "56 00 00 00"), "57 01");
	is(ask(&f->reader, "56 01 00 00"), "57 01");
	is(ask(&f->reader, "40 01 aa"), "41 27");
	/* without end, until somebody comes */
	is(ask(&f->reader, "32 05 ff 01 ff"), "33");
	send(&f->reader, "56 00 01 01 00ffff000f");
	wait_ms(&f->reader, 2000);
	assert_int_equal(f->reader.frames, 0);
	wake(&f->card);
	send(&f->card, BECOME_PEER);
	is(heard(&f->reader), "57 00 01 " ATTRIBUTES);
}

static void wrong_parameters_are_wrong_syntax(void **state)
{
	static const char *const bad[] = { "56 02 00 00",      "56 00 03 00",
					   "56 00 00 08",      "56 01 00 01 00000000",
					   "56 00 01 01 00ff", "56 00 01 02 00010203",
					   "56 00 01 00 00",   "50 01 04" };
	struct field *f = *state;

	start_chips(f);
	wake(&f->reader);
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		send(&f->reader, bad[i]);
		wait_ms(&f->reader, 50);
		assert_int_equal(f->reader.errors, 1);
	}
}

static void deselect_and_release_are_told_to_the_host(void **state)
{
	static const char *const how[][2] = { { "44 01", "45 00" },
					      { "52 01", "53 00" } };
	struct field *f = *state;

	prepare_peer(f, BECOME_PEER);
	for (int i = 0; i < 2; i++) {
		jump(f);
		send(&f->card, "86");
		is(ask(&f->reader, how[i][0]), how[i][1]);
		is(heard(&f->card), "87 29");
		is(ask(&f->card, "8a"), i ? "8b 00 00" : "8b 02 00");
		send(&f->card, BECOME_PEER);
		wait_ms(&f->card, 20);
	}
}

static void a_long_message_is_chained_both_ways(void **state)
{
	struct field *f = *state;
	char c[2 * 262 + 1] = "", r[2 * 262 + 1] = "";

	for (int i = 0; i < 262; i++) {
		snprintf(c + 2 * i, 3, "%02x", (i * 3 + 1) & 0xff);
		snprintf(r + 2 * i, 3, "%02x", (i * 5 + 2) & 0xff);
	}
	prepare_peer(f, BECOME_PEER);
	jump(f);
	swap(f, c, r);
	swap(f, "01", "02");
}

static void a_message_may_come_in_parts(void **state)
{
	struct field *f = *state;

	prepare_peer(f, BECOME_PEER);
	jump(f);
	is(ask(&f->reader, "40 41 0102"), "41 00");
	send(&f->card, "86");
	send(&f->reader, "40 01 03");
	is(heard(&f->card), "87 00 010203");
	is(ask(&f->card, "94 a0a1"), "95 00");
	is(ask(&f->card, "8e a2"), "8f 00");
	is(heard(&f->reader), "41 00 a0a1a2");
	is(ask(&f->card, "94 00"), "95 27"); /* nobody asked */
	is(ask(&f->card, "88"), "89 27");
}

static void a_host_that_thinks_long_gets_more_time(void **state)
{
	struct field *f = *state;

	prepare_peer(f, BECOME_PEER);
	jump(f);
	send(&f->card, "86");
	send(&f->reader, "40 01 aa");
	is(heard(&f->card), "87 00 aa");
	wait_ms(&f->card, 1500);
	assert_int_equal(f->reader.frames, 0);
	is(ask(&f->card, "8e bb"), "8f 00");
	is(heard(&f->reader), "41 00 bb");
}

static void a_target_that_goes_is_lost_and_told_so(void **state)
{
	struct field *f = *state;

	prepare_peer(f, BECOME_PEER);
	jump(f);
	send(&f->card, "86");
	card_place(chip_card(f->card.chip), false);
	is(heard(&f->card), "87 29");
	is(ask(&f->reader, "40 01 aa"), "41 01");
	is(ask(&f->reader, "00 06"), "01 01");
}

static void damage_in_the_air_is_a_crc_error(void **state)
{
	struct field *f = *state;

	f->reader.fault = (struct fault){ .exchange = 2, .what = FAULT_CRC };
	prepare_peer(f, BECOME_PEER);
	jump(f);
	swap(f, "01", "02");
	send(&f->card, "86");
	send(&f->reader, "40 01 03");
	is(heard(&f->card), "87 00 03");
	send(&f->card, "8e 04");
	is(heard(&f->reader), "41 02");
}

static void the_rate_changes_when_both_agree(void **state)
{
	struct field *f = *state;

	prepare_peer(f, BECOME_PEER);
	is(ask(&f->reader, "56 00 00 00"), "57 00 01 " ATTRIBUTES);
	assert_true(strlen(heard(&f->card)) > 0);
	is(ask(&f->reader, "4e 01 00 02"), "4f 27");
	is(ask(&f->reader, "4e 01 02 02"), "4f 00");
	is(ask(&f->card, "8a"), "8b 01 22");
	swap(f, "01", "02");
	swap(f, "03", "04");
}

static void a_host_may_give_its_general_bytes_when_asked(void **state)
{
	struct field *f = *state;

	start_chips(f);
	wake(&f->reader);
	wake(&f->card);
	is(ask(&f->card, "12 10"), "13"); /* no automatic ATR_RES */
	send(&f->card, BECOME_PEER);
	wait_ms(&f->card, 20);
	send(&f->reader, "56 00 01 01 00ffff000f");
	is(heard(&f->card), "8d 16 11 d400 01fe123456789012 5354 00 00 00 30");
	assert_int_equal(f->reader.frames, 0);
	is(ask(&f->card, "92 cafe"), "93 00");
	is(heard(&f->reader), "57 00 01 123456789abcdeff0000 00 00 00 09 32 cafe");
	swap(f, "01", "02");
}

static void a_card_is_no_peer_and_a_peer_no_card(void **state)
{
	struct field *f = *state;

	prepare(f); /* PICC only */
	is(ask(&f->reader, "32 05 01 01 01"), "33");
	is(ask(&f->reader, "56 00 01 00"), "57 01");
	is(ask(&f->reader, "56 01 00 00"), "57 01");
	activate(f);
	exchange(f, "00a40400", "9000");
}

#define PEER_TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		PEER_TEST(passive_at_212_finds_the_target_and_talks),
		PEER_TEST(passive_at_106_goes_by_selection),
		PEER_TEST(active_mode_asks_at_once_with_general_bytes),
		PEER_TEST(a_passive_target_does_not_answer_in_active_mode),
		PEER_TEST(a_listed_target_is_asked_for_its_attributes),
		PEER_TEST(an_empty_field_gives_up_after_its_retries),
		PEER_TEST(wrong_parameters_are_wrong_syntax),
		PEER_TEST(deselect_and_release_are_told_to_the_host),
		PEER_TEST(a_long_message_is_chained_both_ways),
		PEER_TEST(a_message_may_come_in_parts),
		PEER_TEST(a_host_that_thinks_long_gets_more_time),
		PEER_TEST(a_target_that_goes_is_lost_and_told_so),
		PEER_TEST(damage_in_the_air_is_a_crc_error),
		PEER_TEST(the_rate_changes_when_both_agree),
		PEER_TEST(a_host_may_give_its_general_bytes_when_asked),
		PEER_TEST(a_card_is_no_peer_and_a_peer_no_card),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
