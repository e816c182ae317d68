#include "tools/emu/chip_pair_bench.h"

static void take_away(void *ctx)
{
	card_place(chip_card(((struct field *)ctx)->card.chip), false);
}

int field_set_up(void **state)
{
	struct field *f = calloc(1, sizeof(*f));

	assert_non_null(f);
	clock_virtual_init(&f->clock);
	assert_int_equal(world_new(&f->world, &f->clock.base, 1, NULL, NULL), 0);
	host_init(&f->reader, f->world, "reader0");
	f->reader.options.remove = take_away;
	f->reader.options.remove_ctx = f;
	host_init(&f->card, f->world, "card0");
	f->card.options.remove = take_away;
	f->card.options.remove_ctx = f;
	*state = f;
	return 0;
}

int field_tear_down(void **state)
{
	struct field *f = *state;

	chip_free(f->reader.chip);
	chip_free(f->card.chip);
	world_free(f->world);
	free(f);
	return 0;
}

void start_chips(struct field *f)
{
	host_make_chip(&f->reader);
	host_make_chip(&f->card);
	card_meet(chip_card(f->card.chip), &f->reader.air);
	card_meet(chip_card(f->reader.chip), &f->card.air);
	card_place(chip_card(f->card.chip), true);
	card_place(chip_card(f->reader.chip), true);
}

void prepare(struct field *f)
{
	start_chips(f);
	wake(&f->reader);
	wake(&f->card);
	assert_string_equal(ask(&f->card, "12 30"), "13");
	tell(&f->card, BECOME_CARD);
	wait_ms(&f->card, 20);
	assert_int_equal(f->card.acks, 1);
	assert_int_equal(f->card.frames, 0);
	assert_string_equal(ask(&f->reader, "32 01 01"), "33");
}

void list_card(struct field *f)
{
	assert_string_equal(ask(&f->reader, "4a 01 00"), "4b0101000420040800b00b06"
							 "7533920380");
	assert_string_equal(heard(&f->card), "8d08e050");
}

void exchange(struct field *f, const char *c, const char *r)
{
	char command[640];

	snprintf(command, sizeof(command), "40 01 %s", c);
	tell(&f->card, "86");
	tell(&f->reader, command);
	snprintf(command, sizeof(command), "8700%s", c);
	assert_string_equal(heard(&f->card), command);
	snprintf(command, sizeof(command), "8e %s", r);
	assert_string_equal(ask(&f->card, command), "8f00");
	snprintf(command, sizeof(command), "4100%s", r);
	assert_string_equal(heard(&f->reader), command);
}
