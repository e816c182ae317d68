#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "drivers/positioner_contract.h"

static struct positioner_move move_to(void **state, enum position to)
{
	struct positioner_case *c = *state;
	struct positioner_move move = { .to = to };
	struct err err = { 0 };

	if (positioner_move(c->positioner, &move, &err))
		fail_msg("move: %s", err.text);
	assert_int_equal(c->truth(c), to);
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
	int64_t before = clock_now(c->positioner->clock);
	struct positioner_move there = move_to(state, POSITION_TAP);
	int64_t after = clock_now(c->positioner->clock);

	assert_true(before <= there.commanded_ns && there.commanded_ns <= after);
	assert_int_equal(there.settled_ns - there.commanded_ns, c->travel_ns);
	assert_true(there.slack_ns >= 0);
}
