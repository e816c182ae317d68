#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "drivers/nfc/sim.h"
#include "drivers/wrap/nasty_contract.h"
#include "drivers/wrap/worker.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

struct pump *nasty_pump;
struct reader_case nasty_case;
struct nasty_evidence *nasty_seen;

struct nasty {
	struct reader base;
	struct reader *sim;
	volatile sig_atomic_t aborted;
};

static struct nasty *nasty_of(struct reader *r)
{
	return (struct nasty *)r;
}

static int nasty_set_field(struct reader *r, bool on, struct err *err)
{
	return reader_set_field(nasty_of(r)->sim, on, err);
}

static int nasty_activate(struct reader *r, struct reader_activation *a, struct err *err)
{
	return reader_activate(nasty_of(r)->sim, a, err);
}

void nasty_sleep_ms(int ms)
{
	clock_real()->sleep_until(clock_real(), clock_now(clock_real()) + ms * NS_PER_MS);
}

static int nasty_exchange(struct reader *r, struct reader_exchange *x, struct err *err)
{
	struct nasty *n = nasty_of(r);

	n->aborted = 0;
	switch (x->command.data[0]) {
	case HANG:
		while (!n->aborted)
			nasty_sleep_ms(5);
		return err_set(err, ERR_TIMEOUT, "aborted");
	case HANG_FOR_EVER:
		for (;;)
			nasty_sleep_ms(1000);
	case DIE:
		dprintf(STDERR_FILENO, "*** buffer overflow detected ***\n");
		abort();
	case LEAVE:
		_exit(3);
	case BE_LATE:
		nasty_sleep_ms(1500);
		break;
	default:
		break;
	}
	return reader_exchange(n->sim, x, err);
}

static int nasty_raw(struct reader *r, struct reader_exchange *x, struct err *err)
{
	return reader_raw(nasty_of(r)->sim, x, err);
}

static int nasty_deselect(struct reader *r, struct err *err)
{
	return reader_deselect(nasty_of(r)->sim, err);
}

static int nasty_abort(struct reader *r, struct err *err)
{
	(void)err;
	nasty_of(r)->aborted = 1;
	nasty_seen->aborted++;
	return 0;
}

static int nasty_identity(struct reader *r, struct reader_identity *id, struct err *err)
{
	return reader_identity(nasty_of(r)->sim, id, err);
}

static int nasty_reopen(struct reader *r, struct err *err)
{
	return reader_reopen(nasty_of(r)->sim, err);
}

static void nasty_close(struct reader *r)
{
	reader_close(nasty_of(r)->sim);
	free(r);
	nasty_seen->closed++;
}

static const struct reader_ops nasty_ops = {
	.set_field = nasty_set_field,
	.activate = nasty_activate,
	.exchange = nasty_exchange,
	.raw = nasty_raw,
	.deselect = nasty_deselect,
	.abort = nasty_abort,
	.identity = nasty_identity,
	.reopen = nasty_reopen,
	.close = nasty_close,
};

static int nasty_open(struct reader **out, const void *options, struct clock *clock,
		      struct err *err)
{
	struct nasty *n = calloc(1, sizeof(*n));

	if (options)
		return err_set(err, ERR_IO, "%s", (const char *)options);
	n->base = (struct reader){ &nasty_ops, clock };
	nasty_seen->opened++;
	*out = &n->base;
	return sim_reader_open(&n->sim, NULL, &contract_card, clock, err);
}

const struct reader_driver nasty_driver = { .name = "nasty", .open = nasty_open };

int nasty_worker(void **state)
{
	struct err err = { 0 };

	*state = &nasty_case;
	memset(nasty_seen, 0, sizeof(*nasty_seen));
	assert_int_equal(pump_new(&nasty_pump, NULL), 0);
	if (worker_open_reader(&nasty_case.reader, &nasty_driver, NULL, nasty_pump,
			       clock_real(), &err))
		fail_msg("%s", err.text);
	return 0;
}

int nasty_tear_down(void **state)
{
	(void)state;
	reader_close(nasty_case.reader);
	assert_int_equal(waitpid(-1, NULL, WNOHANG), -1);
	assert_int_equal(errno, ECHILD);
	pump_free(nasty_pump);
	return 0;
}

int nasty_ask(enum misdeed how, int64_t timeout_ns, struct err *err)
{
	uint8_t command = (uint8_t)how, room[64];
	struct buf answer = BUF_ON(room);
	struct reader_exchange x = { .command = BYTES(&command, 1),
				     .answer = &answer,
				     .timeout_ns = timeout_ns };
	int rc = reader_exchange(nasty_case.reader, &x, err);

	if (rc == 0) { /* its own answer and nobody else's */
		assert_int_equal(x.result, READER_OK);
		assert_int_equal(answer.len, 3);
		assert_int_equal(room[0], how);
	} else {
		assert_int_equal(answer.len, 0);
	}
	return rc;
}

void nasty_card(void)
{
	struct reader_activation a = { .timeout_ns = NS_PER_S };

	assert_int_equal(reader_set_field(nasty_case.reader, true, NULL), 0);
	assert_int_equal(reader_activate(nasty_case.reader, &a, NULL), 0);
	assert_int_equal(a.result, READER_OK);
}

void nasty_works(void)
{
	nasty_card();
	assert_int_equal(nasty_ask('1', NS_PER_S, NULL), 0);
}

int nasty_before_all(void **state)
{
	(void)state;
	nasty_seen = mmap(NULL, sizeof(*nasty_seen), PROT_READ | PROT_WRITE,
			  MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	alarm(300); /* a test that waits for what never comes must end all the same */
	return nasty_seen == MAP_FAILED;
}
