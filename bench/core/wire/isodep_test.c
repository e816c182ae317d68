#include "bench/core/wire/isodep.h"

#include "bench/core/rng.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

/* Both sides, and an air between them that loses the blocks it is told to. */
struct pair {
	struct isodep_pcd pcd;
	struct isodep_picc picc;
	uint8_t command[600], answer[600];
	size_t command_len, answer_len;
	uint8_t got_mem[1200];
	struct buf got;
	int blocks, lost_at, lost_too; /* which block is lost, counted from 0; -1 none */
	int commands;                  /* that reached the applet */
	int wtx;                       /* S(WTX) still to be asked for in this exchange */
};

static void set_up(struct pair *p, size_t fsd, size_t fsc)
{
	memset(p, 0, sizeof(*p));
	isodep_pcd_init(&p->pcd, fsd, fsc, 2);
	isodep_picc_init(&p->picc, fsd, fsc);
	buf_init_on(&p->got, p->got_mem, sizeof(p->got_mem));
	p->lost_at = p->lost_too = -1;
	for (size_t i = 0; i < sizeof(p->command); i++) {
		p->command[i] = (uint8_t)(i * 5 + 1);
		p->answer[i] = (uint8_t)(i * 3 + 7);
	}
}

static bool lost(struct pair *p)
{
	int n = p->blocks++;

	return n == p->lost_at || n == p->lost_too;
}

/* What the card does with a block. @return does it send? */
static bool card(struct pair *p, struct bytes block)
{
	enum isodep_next next = isodep_picc_received(&p->picc, block);

	if (next == ISODEP_COMMAND) {
		p->commands++;
		assert_int_equal(p->picc.command.len, p->command_len);
		assert_memory_equal(p->picc.command.data, p->command, p->command_len);
	}
	if (next == ISODEP_COMMAND || (next == ISODEP_QUIET && p->wtx >= 0)) {
		if (p->wtx-- > 0)
			next = isodep_picc_more_time(&p->picc, 2);
		else
			next = isodep_picc_answer(&p->picc,
						  BYTES(p->answer, p->answer_len));
	}
	assert_true(p->picc.block_len + ISODEP_CRC <= p->picc.fsd);
	return next == ISODEP_SEND || next == ISODEP_RELEASED;
}

static enum isodep_next run(struct pair *p, enum isodep_next next)
{
	for (int i = 0; next == ISODEP_SEND && i < 500; i++) {
		struct bytes down = BYTES(p->pcd.block, p->pcd.block_len);
		bool answered;

		assert_true(down.len + ISODEP_CRC <= p->pcd.fsc);
		answered = !lost(p) && card(p, down) && !lost(p);
		next = answered ? isodep_pcd_received(&p->pcd, BYTES(p->picc.block,
								     p->picc.block_len))
				: isodep_pcd_missing(&p->pcd);
	}
	return next;
}

static enum isodep_next exchange(struct pair *p, size_t command_len, size_t answer_len)
{
	p->command_len = command_len;
	p->answer_len = answer_len;
	p->commands = 0;
	p->blocks = 0;
	buf_clear(&p->got);
	return run(p, isodep_pcd_begin(&p->pcd, BYTES(p->command, command_len), false,
				       &p->got));
}

static void check_answer(struct pair *p)
{
	assert_int_equal(p->commands, 1);
	assert_int_equal(p->got.len, p->answer_len);
	assert_memory_equal(p->got.data, p->answer, p->answer_len);
}

static const size_t lengths[] = { 1, 2, 12, 13, 14, 26, 61, 62, 122, 123, 253, 254, 300 };
#define LENGTHS (sizeof(lengths) / sizeof(lengths[0]))

static void every_length_goes_through_every_frame_size(void **state)
{
	static const size_t sizes[] = { 16, 24, 32, 64, 128, 256 };
	static struct pair p;

	(void)state;
	for (size_t d = 0; d < 6; d++)
		for (size_t c = 0; c < 6; c++) {
			set_up(&p, sizes[d], sizes[c]);
			for (size_t i = 0; i < LENGTHS * LENGTHS; i++) {
				assert_int_equal(exchange(&p, lengths[i / LENGTHS],
							  lengths[i % LENGTHS]),
						 ISODEP_DONE);
				check_answer(&p);
			}
		}
}

static void any_one_lost_block_is_made_good(void **state)
{
	static struct pair p;
	int total;

	(void)state;
	for (size_t i = 0; i < LENGTHS * LENGTHS; i++) {
		set_up(&p, 64, 32);
		assert_int_equal(exchange(&p, lengths[i / LENGTHS], lengths[i % LENGTHS]),
				 ISODEP_DONE);
		total = p.blocks;
		for (int n = 0; n < total; n++) {
			p.lost_at = n;
			assert_int_equal(
				exchange(&p, lengths[i / LENGTHS], lengths[i % LENGTHS]),
				ISODEP_DONE);
			check_answer(&p);
			p.lost_at = -1;
			assert_int_equal(exchange(&p, 5, 2), ISODEP_DONE);
			check_answer(&p);
		}
	}
}

static void a_lost_block_and_its_first_repetition_are_made_good(void **state)
{
	static struct pair p;

	(void)state;
	for (int n = 0; n < 12; n++) {
		set_up(&p, 64, 64);
		p.lost_at = n;
		p.lost_too = n + 1;
		assert_int_equal(exchange(&p, 150, 150), ISODEP_DONE);
		check_answer(&p);
	}
}

static void a_card_that_is_gone_is_lost_after_the_retries(void **state)
{
	static struct pair p;
	enum isodep_next next;
	int asked = 0;

	(void)state;
	set_up(&p, 64, 64);
	next = isodep_pcd_begin(&p.pcd, BYTES(p.command, 5), false, &p.got);
	assert_int_equal(p.pcd.block[0], 0x02);
	while (next == ISODEP_SEND && asked < 10) {
		next = isodep_pcd_missing(&p.pcd);
		if (next == ISODEP_SEND)
			assert_int_equal(p.pcd.block[0], 0xb2);
		asked++;
	}
	assert_int_equal(next, ISODEP_LOST);
	assert_int_equal(asked, 3);
}

static void a_thinking_card_gets_the_time_it_asks_for(void **state)
{
	static struct pair p;

	(void)state;
	set_up(&p, 64, 64);
	p.wtx = 3;
	assert_int_equal(exchange(&p, 30, 100), ISODEP_DONE);
	check_answer(&p);
	assert_int_equal(p.pcd.wtx_seen, 3);
	assert_int_equal(p.pcd.wtxm, 1); /* granted once, for the next block only */
}

static void a_lost_request_for_time_is_asked_again(void **state)
{
	static struct pair p;

	(void)state;
	for (int n = 0; n < 6; n++) {
		set_up(&p, 64, 64);
		p.wtx = 2;
		p.lost_at = n;
		assert_int_equal(exchange(&p, 30, 30), ISODEP_DONE);
		check_answer(&p);
	}
}

static void a_foolish_request_for_time_breaks_the_rules(void **state)
{
	static struct pair p;
	static const uint8_t none[] = { 0xf2, 0x00 }, much[] = { 0xf2, 60 };

	(void)state;
	set_up(&p, 64, 64);
	isodep_pcd_begin(&p.pcd, BYTES(p.command, 5), false, &p.got);
	assert_int_equal(isodep_pcd_received(&p.pcd, BYTES_OF(none)), ISODEP_PROTOCOL);
	isodep_pcd_begin(&p.pcd, BYTES(p.command, 5), false, &p.got);
	assert_int_equal(isodep_pcd_received(&p.pcd, BYTES_OF(much)), ISODEP_PROTOCOL);
}

static void a_chained_exchange_is_only_acknowledged_until_its_last_part(void **state)
{
	static struct pair p;

	(void)state;
	set_up(&p, 64, 64);
	p.command_len = 200;
	p.answer_len = 10;
	assert_int_equal(
		run(&p, isodep_pcd_begin(&p.pcd, BYTES(p.command, 130), true, &p.got)),
		ISODEP_DONE);
	assert_int_equal(p.got.len, 0);
	assert_int_equal(p.commands, 0);
	assert_int_equal(run(&p, isodep_pcd_begin(&p.pcd, BYTES(p.command + 130, 70),
						  false, &p.got)),
			 ISODEP_DONE);
	check_answer(&p);
}

static void a_presence_check_between_exchanges_disturbs_nothing(void **state)
{
	static struct pair p;
	static const uint8_t nak[] = { 0xb2 };

	(void)state;
	set_up(&p, 64, 64);
	for (int i = 0; i < 4; i++) {
		assert_int_equal(isodep_picc_received(&p.picc, BYTES_OF(nak)),
				 ISODEP_SEND);
		assert_int_equal(exchange(&p, 10, 10), ISODEP_DONE);
		check_answer(&p);
	}
}

static void a_deselected_card_says_so(void **state)
{
	static struct pair p;

	(void)state;
	set_up(&p, 64, 64);
	assert_int_equal(exchange(&p, 10, 10), ISODEP_DONE);
	assert_int_equal(run(&p, isodep_pcd_deselect(&p.pcd)), ISODEP_DONE);
	assert_int_equal(p.picc.block[0], 0xc2);
}

static void an_answer_longer_than_its_place_is_refused(void **state)
{
	static struct pair p;
	uint8_t little[20];

	(void)state;
	set_up(&p, 64, 64);
	buf_init_on(&p.got, little, sizeof(little));
	assert_int_equal(exchange(&p, 10, 61), ISODEP_PROTOCOL);
}

/*
 * Anything may stand in a block; neither side may overrun, and the reader always comes to
 * an end.
 */
static void noise_instead_of_blocks_does_no_harm(void **state)
{
	static struct pair p;
	struct rng rng;

	(void)state;
	rng_init(&rng, 1, "noise");
	for (int round = 0; round < 3000; round++) {
		enum isodep_next next;

		set_up(&p, 64, 64);
		next = isodep_pcd_begin(&p.pcd, BYTES(p.command, 150), false, &p.got);
		for (int i = 0; next == ISODEP_SEND; i++) {
			uint8_t noise[300];
			size_t len = rng_below(&rng, rng_below(&rng, 8) ? 66 : 300);

			assert_true(i < 3000);
			for (size_t k = 0; k < len; k++)
				noise[k] = (uint8_t)rng_u64(&rng);
			if (len && rng_below(&rng, 2))
				noise[0] = (uint8_t[]){
					0x02, 0x03, 0x12, 0x13, 0xa2, 0xa3, 0xb2, 0xf2
				}[rng_below(&rng, 8)];
			next = isodep_pcd_received(&p.pcd, BYTES(noise, len));
			switch (isodep_picc_received(&p.picc, BYTES(noise, len))) {
			case ISODEP_COMMAND:
				isodep_picc_answer(&p.picc, BYTES(p.answer, 200));
				break;
			default:
				break;
			}
			assert_true(p.picc.block_len <= ISODEP_MAX_BLOCK);
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_length_goes_through_every_frame_size),
		cmocka_unit_test(any_one_lost_block_is_made_good),
		cmocka_unit_test(a_lost_block_and_its_first_repetition_are_made_good),
		cmocka_unit_test(a_card_that_is_gone_is_lost_after_the_retries),
		cmocka_unit_test(a_thinking_card_gets_the_time_it_asks_for),
		cmocka_unit_test(a_lost_request_for_time_is_asked_again),
		cmocka_unit_test(a_foolish_request_for_time_breaks_the_rules),
		cmocka_unit_test(
			a_chained_exchange_is_only_acknowledged_until_its_last_part),
		cmocka_unit_test(a_presence_check_between_exchanges_disturbs_nothing),
		cmocka_unit_test(a_deselected_card_says_so),
		cmocka_unit_test(an_answer_longer_than_its_place_is_refused),
		cmocka_unit_test(noise_instead_of_blocks_does_no_harm),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
