#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "drivers/positioner_contract.h"

/* Wait for it as a step does; on a virtual clock time is moved on. */
static void settle(struct positioner_case *c, struct positioner_move *move)
{
	struct clock *clock = c->positioner->clock;
	int64_t give_up = clock_now(clock) + 600 * NS_PER_S;
	struct err err = { 0 };
	int rc;

	do {
		if (c->sleep_until)
			c->sleep_until(c, move->settled_ns);
		else
			clock->sleep_until(clock, move->settled_ns);
		rc = positioner_settle(c->positioner, move, &err);
		if (rc < 0)
			fail_msg("settle: %s", err.text);
	} while (rc == POSITIONER_NOT_YET && clock_now(clock) < give_up);
	assert_int_equal(rc, 0);
	assert_true(move->settled_ns <= clock_now(clock));
}

static struct positioner_move move_to(void **state, enum position to)
{
	struct positioner_case *c = *state;
	struct positioner_move move = { .to = to };
	struct err err = { 0 };

	if (positioner_move(c->positioner, &move, &err))
		fail_msg("move: %s", err.text);
	settle(c, &move);
	assert_int_equal(c->truth(c), to);
	assert_int_equal(positioner_state(c->positioner),
			 to == POSITION_TAP ? POSITIONER_IN_FIELD : POSITIONER_AWAY);
	return move;
}

void positioner_says_what_it_is(void **state)
{
	struct positioner_case *c = *state;
	struct positioner_identity id;

	memset(&id, 0xff, sizeof(id));
	assert_int_equal(positioner_identity(c->positioner, &id, NULL), 0);
	assert_true(id.model[0] &&
		    strnlen(id.model, sizeof(id.model)) < sizeof(id.model));
	assert_true(id.simulated);
}

void positioner_moves_there_and_back(void **state)
{
	struct positioner_case *c = *state;

	assert_int_equal(c->truth(c), POSITION_AWAY);
	move_to(state, POSITION_TAP);
	move_to(state, POSITION_TAP);
	move_to(state, POSITION_AWAY);
	move_to(state, POSITION_AWAY);
}

void positioner_says_when_the_phone_is_there(void **state)
{
	struct positioner_case *c = *state;
	struct positioner_move there;
	int64_t before, after;

	move_to(state,
		POSITION_AWAY); /* one that looks for its home first has found it */
	before = clock_now(c->positioner->clock);
	there = move_to(state, POSITION_TAP);
	after = clock_now(c->positioner->clock);
	assert_true(before <= there.commanded_ns && there.commanded_ns <= after);
	if (c->travel_ns)
		assert_int_equal(there.settled_ns - there.commanded_ns, c->travel_ns);
	assert_true(there.commanded_ns <= there.settled_ns && there.settled_ns <= after);
	assert_true(there.slack_ns >= 0);
}

void positioner_counts_taps_and_not_moves(void **state)
{
	struct positioner_case *c = *state;

	assert_int_equal(c->positioner->cycles, 0);
	move_to(state, POSITION_AWAY);
	move_to(state, POSITION_TAP);
	move_to(state, POSITION_TAP);
	assert_int_equal(c->positioner->cycles, 1);
	move_to(state, POSITION_AWAY);
	move_to(state, POSITION_TAP);
	assert_int_equal(c->positioner->cycles, 2);
}

void positioner_is_drawn_back_on_its_way(void **state)
{
	struct positioner_case *c = *state;
	struct positioner_move there = { .to = POSITION_TAP };

	move_to(state, POSITION_AWAY);
	assert_int_equal(positioner_move(c->positioner, &there, NULL), 0);
	move_to(state, POSITION_AWAY);
}

void positioner_goes_beside_the_tap_or_says_that_it_cannot(void **state)
{
	struct positioner_case *c = *state;
	struct positioner_move aside = { .to = POSITION_TAP,
					 .offset = { 3000, -2000, 1000 } };
	struct positioner_identity id;
	struct err err = { 0 };

	assert_int_equal(positioner_identity(c->positioner, &id, NULL), 0);
	move_to(state, POSITION_AWAY);
	if (!id.offsets) {
		assert_int_equal(positioner_move(c->positioner, &aside, &err),
				 ERR_UNSUPPORTED);
		assert_int_equal(c->truth(c), POSITION_AWAY);
		return;
	}
	assert_int_equal(positioner_move(c->positioner, &aside, &err), 0);
	settle(c, &aside);
	assert_int_equal(positioner_state(c->positioner), POSITIONER_IN_FIELD);
	/* no reader is to be pushed through */
	aside.offset.z_um = -1;
	assert_int_equal(positioner_move(c->positioner, &aside, &err), ERR_RANGE);
}
