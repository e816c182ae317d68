#include "tools/emu/chip_bench.h"

/* Planted faults, all at the second exchange. */

static void plan(struct desk *d, enum fault_do what)
{
	d->faults[0] = (struct fault){ .exchange = 2, .what = what };
	chip_free(d->chip);
	d->options.fault_count = 1;
	assert_int_equal(
		chip_new(&d->chip, d->world, &d->line, &d->air, &d->options, NULL), 0);
}

static void a_planned_silence_lasts_until_the_wake_up(void **state)
{
	struct desk *d = *state;

	plan(d, FAULT_SILENT);
	activate(d);
	assert_string_equal(ask(d, "4001aa"), "41000108");
	assert_string_equal(ask(d, "4001aa"), "");
	assert_int_equal(d->acks, 0);
	assert_string_equal(ask(d, "02"), "");
	wake(d);
	assert_string_equal(ask(d, "02"), "0332010607");
	assert_string_equal(ask(d, "4001aa"), "41000108");
}

static void a_planned_silence_may_be_counted_in_commands(void **state)
{
	struct desk *d = *state;

	plan(d, FAULT_SILENT);
	d->faults[0].count = 2;
	activate(d);
	assert_string_equal(ask(d, "4001aa"), "41000108");
	assert_string_equal(ask(d, "4001aa"), "");
	assert_string_equal(ask(d, "02"), "");
	assert_string_equal(ask(d, "02"), "0332010607");
}

static void a_planned_status_comes_alone_and_once(void **state)
{
	struct desk *d = *state;

	plan(d, FAULT_STATUS);
	d->faults[0].value = 0x81;
	activate(d);
	assert_string_equal(ask(d, "4001aa"), "41000108");
	assert_string_equal(ask(d, "4001aa"), "4181");
	assert_string_equal(ask(d, "4001aa"), "41000108");
}

static void planned_garbage_is_no_frame(void **state)
{
	struct desk *d = *state;

	plan(d, FAULT_GARBAGE);
	activate(d);
	assert_string_equal(ask(d, "4001aa"), "41000108");
	assert_string_equal(ask(d, "4001aa"), "");
	assert_int_equal(d->acks, 1);
	pn53x_reset(&d->parser);
	assert_string_equal(ask(d, "4001aa"), "41000108");
}

static void a_planned_delay_is_added(void **state)
{
	struct desk *d = *state;
	int64_t usual_ns;

	plan(d, FAULT_LATE);
	d->faults[0].by_ns = 500 * NS_PER_MS;
	activate(d);
	assert_string_equal(ask(d, "4001aa"), "41000108");
	usual_ns = d->frame_ns - d->sent_ns;
	assert_string_equal(ask(d, "4001aa"), "41000108");
	assert_int_equal(d->frame_ns - d->sent_ns, usual_ns + 500 * NS_PER_MS);
}

static void planned_damage_in_the_air_is_a_crc_error(void **state)
{
	struct desk *d = *state;

	plan(d, FAULT_CRC);
	activate(d);
	assert_string_equal(ask(d, "4001aa"), "41000108");
	assert_string_equal(ask(d, "4001aa"), "4102");
}

static void a_phone_planned_to_be_removed_is_lost(void **state)
{
	struct desk *d = *state;

	plan(d, FAULT_REMOVE);
	activate(d);
	assert_string_equal(ask(d, "4001aa"), "41000108");
	assert_string_equal(ask(d, "4001aa"), "4101");
	assert_false(d->card.in_field);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		CHIP_TEST(a_planned_silence_lasts_until_the_wake_up),
		CHIP_TEST(a_planned_silence_may_be_counted_in_commands),
		CHIP_TEST(a_planned_status_comes_alone_and_once),
		CHIP_TEST(planned_garbage_is_no_frame),
		CHIP_TEST(a_planned_delay_is_added),
		CHIP_TEST(planned_damage_in_the_air_is_a_crc_error),
		CHIP_TEST(a_phone_planned_to_be_removed_is_lost),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
