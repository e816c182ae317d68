#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "drivers/card_contract.h"
#include "drivers/wrap/worker.h"

#include <signal.h>
#include <stdlib.h>
#include <unistd.h>

/*
 * A card in a process of its own: the contract holds through the socket, and what goes
 * wrong over there is told here. The simulated card with the contract's reader; listens
 * of two certain lengths hang and die.
 */
struct nasty {
	struct card base;
	struct card *sim;
	volatile sig_atomic_t aborted;
};

#define HANG_NS (777 * NS_PER_MS)
#define DIE_NS (666 * NS_PER_MS)

static struct nasty *nasty_of(struct card *c)
{
	return (struct nasty *)c;
}

static int nasty_listen(struct card *c, struct card_listen *l, struct err *err)
{
	struct nasty *n = nasty_of(c);

	n->aborted = 0;
	if (l->timeout_ns == DIE_NS)
		abort();
	while (l->timeout_ns == HANG_NS && !n->aborted)
		usleep(5000);
	if (l->timeout_ns == HANG_NS)
		return err_set(err, ERR_TIMEOUT, "aborted");
	return card_listen(n->sim, l, err);
}

static int nasty_receive(struct card *c, struct card_receive *x, struct err *err)
{
	return card_receive(nasty_of(c)->sim, x, err);
}

static int nasty_answer(struct card *c, struct card_answer *x, struct err *err)
{
	return card_answer(nasty_of(c)->sim, x, err);
}

static int nasty_release(struct card *c, struct card_release *x, struct err *err)
{
	return card_release(nasty_of(c)->sim, x, err);
}

static int nasty_abort(struct card *c, struct err *err)
{
	(void)err;
	nasty_of(c)->aborted = 1;
	return 0;
}

static int nasty_identity(struct card *c, struct card_identity *id, struct err *err)
{
	return card_identity(nasty_of(c)->sim, id, err);
}

static int nasty_reopen(struct card *c, struct err *err)
{
	return card_reopen(nasty_of(c)->sim, err);
}

static void nasty_close(struct card *c)
{
	card_close(nasty_of(c)->sim);
	free(c);
}

static const struct card_ops nasty_ops = {
	.listen = nasty_listen,
	.receive = nasty_receive,
	.answer = nasty_answer,
	.release = nasty_release,
	.abort = nasty_abort,
	.identity = nasty_identity,
	.reopen = nasty_reopen,
	.close = nasty_close,
};

static int nasty_open(struct card **out, const void *options, struct clock *clock,
		      struct err *err)
{
	struct nasty *n = calloc(1, sizeof(*n));
	int rc;

	(void)options;
	if (!n)
		return err_set(err, ERR_NOMEM, "nasty");
	n->base = (struct card){ &nasty_ops, clock };
	rc = sim_card_open(&n->sim, NULL, &contract_asker, clock, err);
	if (rc)
		free(n);
	else
		*out = &n->base;
	return rc;
}

static int no_open(struct card **out, const void *options, struct clock *clock,
		   struct err *err)
{
	(void)out;
	(void)options;
	(void)clock;
	return err_set(err, ERR_IO, "nothing there");
}

static const struct card_driver nasty_driver = { .name = "nasty", .open = nasty_open };
static const struct card_driver absent_driver = { .name = "absent", .open = no_open };

static struct pump *pump;
static struct card_case under_test;

static int worker(void **state)
{
	struct err err = { 0 };

	if (pump_new(&pump, &err) || worker_open_card(&under_test.card, &nasty_driver,
						      NULL, pump, clock_real(), &err))
		fail_msg("%s", err.text);
	*state = &under_test;
	return 0;
}

static int close_worker(void **state)
{
	card_close(((struct card_case *)*state)->card);
	pump_free(pump);
	return 0;
}

static int listen_for(struct card *c, int64_t ns, struct err *err)
{
	struct card_listen l = { .timeout_ns = ns };

	return card_listen(c, &l, err);
}

static void a_worker_that_dies_says_how_and_is_replaced(void **state)
{
	struct card *c = under_test.card;
	struct err err = { 0 };

	(void)state;
	assert_int_equal(listen_for(c, DIE_NS, &err), ERR_GONE);
	assert_non_null(strstr(err.text, "SIGABRT"));
	assert_int_equal(worker_card_pid(c), -1);
	assert_int_equal(listen_for(c, NS_PER_S, &err), ERR_GONE);
	assert_int_equal(worker_respawn_card(c, &err), 0);
	assert_true(worker_card_pid(c) > 0);
	assert_int_equal(listen_for(c, NS_PER_S, &err), 0);
}

static void a_call_that_hangs_is_in_doubt_until_it_is_reopened(void **state)
{
	struct card *c = under_test.card;
	struct err err = { 0 };

	(void)state;
	assert_int_equal(listen_for(c, HANG_NS, &err), ERR_TIMEOUT);
	assert_int_equal(listen_for(c, NS_PER_S, &err), ERR_TIMEOUT);
	assert_non_null(strstr(err.text, "in doubt"));
	assert_int_equal(card_abort(c, &err), 0);
	assert_int_equal(card_reopen(c, &err), 0);
	assert_int_equal(listen_for(c, NS_PER_S, &err), 0);
}

static void an_open_that_fails_is_told_as_it_is(void **state)
{
	struct card *c = NULL;
	struct err err = { 0 };

	(void)state;
	assert_int_equal(
		worker_open_card(&c, &absent_driver, NULL, pump, clock_real(), &err),
		ERR_IO);
	assert_non_null(strstr(err.text, "nothing there"));
	assert_null(c);
}

#define WITH_WORKER(f) cmocka_unit_test_setup_teardown(f, worker, close_worker)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CARD_CONTRACT(worker, close_worker),
		WITH_WORKER(a_worker_that_dies_says_how_and_is_replaced),
		WITH_WORKER(a_call_that_hangs_is_in_doubt_until_it_is_reopened),
		WITH_WORKER(an_open_that_fails_is_told_as_it_is),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
