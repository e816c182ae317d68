#include "tools/emu/chip_bench.h"

/* A chip that looks for cards. */

static void an_empty_field_is_reported_after_a_few_milliseconds(void **state)
{
	struct desk *d = *state;

	wake(&d->host);
	assert_string_equal(ask(&d->host, "320101"), "33");
	assert_string_equal(ask(&d->host, "3205000102"), "33");
	assert_string_equal(ask(&d->host, "4a0100"), "4b00");
	assert_true(d->host.frame_ns - d->host.sent_ns < 20 * NS_PER_MS);
	assert_string_equal(ask(&d->host, "4a010300"), "4b00");
	assert_string_equal(ask(&d->host, "4a010100ffff0100"), "4b00");
	assert_string_equal(ask(&d->host, "4a0104"), "4b00");
}

static void a_poll_leaves_the_chip_at_seven_bits_a_byte(void **state)
{
	struct desk *d = *state;

	wake(&d->host);
	assert_string_equal(ask(&d->host, "320101"), "33");
	assert_string_equal(ask(&d->host, "3205000100"), "33");
	assert_string_equal(ask(&d->host, "4a0100"), "4b00");
	assert_string_equal(ask(&d->host, "06633d"), "0707");
	/* which a card that was found ends */
	card_place(&d->card, true);
	wait_ms(&d->host, 20);
	ask(&d->host, "4a0100");
	assert_string_equal(ask(&d->host, "06633d"), "0700");
}

static void an_endless_poll_waits_for_the_phone(void **state)
{
	struct desk *d = *state;
	int64_t came_ns;

	wake(&d->host);
	assert_string_equal(ask(&d->host, "320101"), "33");
	assert_string_equal(ask(&d->host, "3205ffffff"), "33");
	tell(&d->host, "4a0100");
	wait_ms(&d->host, 500);
	assert_int_equal(d->host.frames, 0);
	came_ns = world_now(d->world);
	card_place(&d->card, true);
	wait_ms(&d->host, 50);
	assert_int_equal(d->host.frames, 1);
	assert_int_equal(d->host.body[2], 1);
	/* it needs its 5 ms of power, a poll, an activation, and its way over the line */
	assert_true(d->host.frame_ns - came_ns >
		    AIRTIME_GUARD_NS + airtime_activation_ns(4, 6, 0));
	assert_true(d->host.frame_ns - came_ns < AIRTIME_GUARD_NS + 2500 * NS_PER_US +
							 airtime_activation_ns(4, 6, 0) +
							 30 * BYTE_NS);
}

static void long_uids_are_put_together(void **state)
{
	struct desk *d = *state;

	d->card.traits.uid_len = 7;
	wake(&d->host);
	card_place(&d->card, true);
	assert_string_equal(ask(&d->host, "320101"), "33");
	assert_string_equal(ask(&d->host, "4a0100"),
			    "4b0101000420070811223344556606757781"
			    "0280");
	d->card.traits.uid_len = 10;
	assert_string_equal(ask(&d->host, "4a0100"),
			    "4b01010004200a0811223344556677889906757781"
			    "0280");
}

static void a_phone_is_found_by_its_uid_alone(void **state)
{
	struct desk *d = *state;

	wake(&d->host);
	card_place(&d->card, true);
	assert_string_equal(ask(&d->host, "320101"), "33");
	assert_string_equal(ask(&d->host, "3205000102"), "33");
	assert_string_equal(ask(&d->host, "4a010008112234"), "4b00");
	assert_string_equal(ask(&d->host, "4a010008112233"),
			    "4b01010004200408112233067577810280");
}

static void a_deselected_phone_is_found_again_under_the_same_uid(void **state)
{
	struct desk *d = *state;

	activate(d);
	assert_string_equal(ask(&d->host, "4400"), "4500");
	assert_int_equal(d->card.state, CARD_HALT);
	assert_string_equal(ask(&d->host, "4001aa"), "4127"); /* not in this context */
	assert_string_equal(ask(&d->host, "4a0100"),
			    "4b01010004200408112233067577810280");
	assert_string_equal(ask(&d->host, "4400"), "4500");
	assert_string_equal(ask(&d->host, "5401"), "5500");
	assert_string_equal(ask(&d->host, "4001aa"), "41000108");
}

static void a_random_uid_is_new_with_every_power_up(void **state)
{
	struct desk *d = *state;
	uint8_t first[4];

	d->card.traits.random_uid = true;
	wake(&d->host);
	card_place(&d->card, true);
	assert_string_equal(ask(&d->host, "320101"), "33");
	ask(&d->host, "4a0100");
	memcpy(first, d->card.traits.uid, 4);
	assert_int_equal(first[0], 0x08);
	ask(&d->host, "320100");
	ask(&d->host, "320101");
	ask(&d->host, "4a0100");
	assert_memory_not_equal(first, d->card.traits.uid, 4);
}

static void a_host_may_activate_by_raw_frames(void **state)
{
	static const char *const lines[][2] = {
		{ "08633d07", "09" },
		{ "4252", "43000400" },
		{ "08633d00", "09" },
		{ "429320", "43000811223308" },
		{ "08630280630380", "09" },
		{ "4293700811223308", "430020" },
		{ "42e080", "4300067577810280" },
		{ "4202aa", "4300020108" },
	};
	struct desk *d = *state;

	wake(&d->host);
	card_place(&d->card, true);
	assert_string_equal(ask(&d->host, "320101"), "33");
	wait_ms(&d->host, 6);
	talk(&d->host, lines, sizeof(lines) / sizeof(lines[0]));
}

static void autopoll_finds_the_phone_within_its_rounds(void **state)
{
	struct desk *d = *state;

	wake(&d->host);
	assert_string_equal(ask(&d->host, "320101"), "33");
	assert_string_equal(ask(&d->host, "600201201003"), "6100");
	assert_true(d->host.frame_ns - d->host.sent_ns > 150 * NS_PER_MS);
	card_place(&d->card, true);
	wait_ms(&d->host, 10);
	assert_string_equal(ask(&d->host, "60ff012010"),
			    "6101200f0100042004081122330675778102"
			    "80");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		CHIP_TEST(a_poll_leaves_the_chip_at_seven_bits_a_byte),
		CHIP_TEST(an_empty_field_is_reported_after_a_few_milliseconds),
		CHIP_TEST(an_endless_poll_waits_for_the_phone),
		CHIP_TEST(long_uids_are_put_together),
		CHIP_TEST(a_phone_is_found_by_its_uid_alone),
		CHIP_TEST(a_deselected_phone_is_found_again_under_the_same_uid),
		CHIP_TEST(a_random_uid_is_new_with_every_power_up),
		CHIP_TEST(a_host_may_activate_by_raw_frames),
		CHIP_TEST(autopoll_finds_the_phone_within_its_rounds),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
