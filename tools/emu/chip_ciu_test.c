#include "tools/emu/chip_bench.h"

/* The contactless unit by its registers, as libnfc's timed mode drives it. */

/* Timer: full reload, no prescaler; framing as for type A at 106. */
static void begin(struct desk *d)
{
	wake(d);
	card_place(&d->card, true);
	assert_string_equal(ask(d, "320101"), "33");
	wait_ms(d, 10);
	assert_string_equal(ask(d, "08 631a80 631b00 631cff 631dff"), "09");
}

/* Put @fifo ("6339 93 6339 20") on the air with @framing as BitFraming. */
static void transceive(struct desk *d, const char *fifo, const char *framing)
{
	char command[300];

	snprintf(command, sizeof(command), "08 63310c 633a80 %s 633d%s", fifo, framing);
	assert_string_equal(ask(d, command), "09");
}

/* As ask(), over a line that takes no time: 20 us later it is answered. */
static const char *ask_at_once(struct desk *d, const char *hex)
{
	static char text[64];

	d->line.instant = true;
	send(d, hex);
	world_advance(d->world, world_now(d->world) + 20 * NS_PER_US);
	d->line.instant = false;
	assert_int_equal(d->frames, 1);
	return hex_of(BYTES(d->body + 1, d->body_len - 1), text, sizeof(text));
}

#define SEND_ANTICOLLISION "08 63310c 633a80 633993 633920 633d80"

static void a_request_is_answered_in_the_fifo_with_its_time(void **state)
{
	struct desk *d = *state;
	const char *counter;
	unsigned value;

	begin(d);
	transceive(d, "633926", "87"); /* REQA, 7 bits */
	wait_ms(d, 5);
	assert_string_equal(ask(d, "06 633a"), "0702");
	counter = ask(d, "06 631e 631f");
	assert_int_equal(sscanf(counter, "07%4x", &value), 1);
	/* 1172 cycles and five bits, less what libnfc adds */
	assert_in_range(0xffff - value, 1172 + 640 - 49 - 2, 1172 + 640 - 49 + 2);
	assert_string_equal(ask(d, "06 6339 6339 633a"), "07040000");
	assert_string_equal(ask(d, "06 6339"), "0700"); /* empty */
}

static void reading_meanwhile_does_not_stop_it(void **state)
{
	struct desk *d = *state;

	begin(d);
	transceive(d, "633926", "87");
	wait_ms(d, 5);
	assert_string_equal(ask_at_once(d, SEND_ANTICOLLISION), "09");
	assert_string_equal(ask_at_once(d, "06 633a"), "0700"); /* still on the air */
	wait_ms(d, 5);
	assert_string_equal(ask(d, "06 633a"), "0705");
	assert_string_equal(ask(d, "06 6339 6339 6339 6339 6339"), "070811223308");
}

static void a_crc_is_added_and_taken_off_when_the_modes_say_so(void **state)
{
	struct desk *d = *state;

	begin(d);
	transceive(d, "633926", "87");
	wait_ms(d, 5);
	assert_string_equal(ask(d, "08 630280 630380"), "09");
	transceive(d, "633993 633970 633908 633911 633922 633933 633908", "80");
	wait_ms(d, 5);
	assert_string_equal(ask(d, "06 633a 6339"), "070120");
}

static void without_an_answer_the_timer_runs_down(void **state)
{
	struct desk *d = *state;

	begin(d);
	card_place(&d->card, false);
	transceive(d, "633926", "87");
	wait_ms(d, 20);
	assert_string_equal(ask(d, "06 633a 631e 631f"), "07000000");
}

static void the_firmware_takes_the_unit_back(void **state)
{
	struct desk *d = *state;

	begin(d);
	transceive(d, "633926", "87");
	wait_ms(d, 5);
	assert_string_equal(ask_at_once(d, SEND_ANTICOLLISION), "09");
	assert_string_equal(ask_at_once(d, "02"), "0332010607");
	wait_ms(d, 5);
	assert_string_equal(ask(d, "06 633a"), "0700");
	assert_string_equal(ask(d, "4a0100"), "4b0101000420040811223306757781"
					      "0280");
	assert_string_equal(ask(d, "4001aa"), "41000108");
}

static void the_fifo_takes_no_more_than_it_holds(void **state)
{
	struct desk *d = *state;
	char fill[10 * 80 + 1] = "08 ";

	begin(d);
	for (int i = 0; i < 70; i++)
		strcat(fill, "633955");
	assert_string_equal(ask(d, fill), "09");
	assert_string_equal(ask(d, "06 633a"), "0740");
	assert_string_equal(ask(d, "08 633a80"), "09");
	assert_string_equal(ask(d, "06 633a"), "0700");
	transceive(d, "", "80"); /* nothing to send */
	assert_string_equal(ask(d, "02"), "0332010607");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		CHIP_TEST(a_request_is_answered_in_the_fifo_with_its_time),
		CHIP_TEST(reading_meanwhile_does_not_stop_it),
		CHIP_TEST(a_crc_is_added_and_taken_off_when_the_modes_say_so),
		CHIP_TEST(without_an_answer_the_timer_runs_down),
		CHIP_TEST(the_firmware_takes_the_unit_back),
		CHIP_TEST(the_fifo_takes_no_more_than_it_holds),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
