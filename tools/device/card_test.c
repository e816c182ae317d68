#include "tools/device/card.h"

#include "bench/core/wire/vpcd.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

struct desk {
	struct profile *profile;
	struct pairing pairing;
	struct virtual_card card;
	uint8_t room[300];
	struct buf answer;
};

static const uint8_t select_applet[] = { 0x00, 0xa4, 0x04, 0x00, 0x0d, 0xa0, 0x00,
					 0x00, 0x08, 0x09, 0x43, 0x43, 0x43, 0x44,
					 0x4b, 0x41, 0x76, 0x31, 0x00 };
/* out of sequence (6985) unless the applet is selected; then its data are wrong (6A80) */
static const uint8_t auth0[] = { 0x80, 0x80, 0x00, 0x01, 0x01, 0x00, 0x00 };

static int start(void **state)
{
	static struct desk d;
	static const uint8_t historical[] = { 0x80 };

	memset(&d, 0, sizeof(d));
	assert_int_equal(profile_load(&d.profile,
				      "fixtures/profiles/protocol/dk-ccc-1.0.yaml", NULL),
			 0);
	assert_int_equal(pairing_load(&d.pairing, "fixtures/pairings/bench.yaml", NULL),
			 0);
	assert_int_equal(
		device_new(&d.card.device, d.profile, &d.pairing, NULL, NULL, NULL), 0);
	d.card.historical = BYTES_OF(historical);
	d.card.uid_len = 4;
	memcpy(d.card.uid, "\x08\x11\x22\x33", 4);
	buf_init_on(&d.answer, d.room, sizeof(d.room));
	*state = &d;
	return 0;
}

static int stop(void **state)
{
	struct desk *d = *state;

	device_free(d->card.device);
	profile_free(d->profile);
	return 0;
}

static enum card_heard hear(struct desk *d, struct bytes m)
{
	buf_clear(&d->answer);
	return card_hear(&d->card, m, &d->answer);
}

static void answers(struct desk *d, struct bytes m, const char *hex)
{
	char text[80];

	hear(d, m);
	assert_string_equal(hex_of(buf_bytes(&d->answer), text, sizeof(text)), hex);
}

static void power_and_reset_end_a_session_without_an_answer(void **state)
{
	static const uint8_t controls[] = { VPCD_OFF, VPCD_ON, VPCD_RESET };
	static const enum card_heard heard[] = { CARD_HEARD_OFF, CARD_HEARD_ON,
						 CARD_HEARD_RESET };
	struct desk *d = *state;

	for (size_t i = 0; i < 3; i++) {
		answers(d, BYTES_OF(select_applet), "5c0201009000");
		answers(d, BYTES_OF(auth0), "6a80");
		assert_int_equal(hear(d, BYTES(controls + i, 1)), heard[i]);
		assert_int_equal(d->answer.len, 0);
		answers(d, BYTES_OF(auth0), "6985");
	}
}

static void the_atr_is_told_and_changes_nothing(void **state)
{
	static const uint8_t get_atr[] = { VPCD_ATR };
	struct desk *d = *state;

	answers(d, BYTES_OF(select_applet), "5c0201009000");
	answers(d, BYTES_OF(get_atr), "3b8180018080");
	answers(d, BYTES_OF(auth0), "6a80"); /* vpcd asks for it all the time */
}

static void what_means_nothing_is_not_answered(void **state)
{
	struct desk *d = *state;

	assert_int_equal(hear(d, BYTES(NULL, 0)), CARD_HEARD_NOTHING);
	for (int byte = 0; byte < 256; byte++) {
		const uint8_t control = (uint8_t)byte;

		if (byte == VPCD_ATR || byte <= VPCD_RESET)
			continue;
		assert_int_equal(hear(d, BYTES(&control, 1)), CARD_HEARD_NOTHING);
		assert_int_equal(d->answer.len, 0);
	}
}

static void the_reader_answers_for_itself(void **state)
{
	uint8_t get[] = { 0xff, 0xca, 0x00, 0x00, 0x00 };
	struct desk *d = *state;

	assert_int_equal(hear(d, BYTES_OF(get)), CARD_HEARD_READER);
	answers(d, BYTES_OF(get), "081122339000");
	get[4] = 3;
	answers(d, BYTES_OF(get), "6c04");
	get[4] = 9;
	answers(d, BYTES_OF(get), "081122336282");
	get[2] = 1;
	get[4] = 0;
	answers(d, BYTES_OF(get), "809000");
	get[2] = 2; /* no such thing: the card's business */
	assert_int_equal(hear(d, BYTES_OF(get)), CARD_HEARD_APDU);
	answers(d, BYTES_OF(get), "6e00");
}

#define ON_DESK(f) cmocka_unit_test_setup_teardown(f, start, stop)

int main(void)
{
	const struct CMUnitTest tests[] = {
		ON_DESK(power_and_reset_end_a_session_without_an_answer),
		ON_DESK(the_atr_is_told_and_changes_nothing),
		ON_DESK(what_means_nothing_is_not_answered),
		ON_DESK(the_reader_answers_for_itself),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
