#include "drivers/wrap/fault.h"

#include "drivers/wrap/fault_int.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

const char *const fault_kind_names[FAULT_KIND_COUNT + 1] = {
	"error", "delay",      "loss",       "duplicate", "corrupt",    "short",
	"hang",  "disconnect", "other-name", "abort",     "clock-step", NULL
};

void fault_init(struct fault *f, const struct fault_plan *plan)
{
	assert(plan->code <= 0);
	*f = (struct fault){ .plan = *plan };
	if (!f->plan.code)
		f->plan.code = ERR_IO;
	rng_init(&f->rng, plan->seed, "driver faults");
}

bool fault_applies(enum fault_kind kind, const char *role)
{
	bool bus = !strcmp(role, "bus"), board = !strcmp(role, "relay");

	switch (kind) {
	case FAULT_SHORT:
		return !strcmp(role, "reader") || !strcmp(role, "card");
	case FAULT_ABORT: /* what lives in no worker would take the bench with it */
		return !bus && strcmp(role, "positioner") != 0 &&
		       strcmp(role, "sensor") != 0;
	case FAULT_CLOCK_STEP:
		return !board;
	default:
		return true;
	}
}

/* Every call draws, so that a number does not shift the share. */
static bool strikes(struct fault *f, const char *call)
{
	int64_t times = f->plan.times ? f->plan.times : 1, n;
	bool drawn;

	if (f->plan.call && strcmp(f->plan.call, call) != 0)
		return false;
	n = ++f->calls;
	drawn = rng_unit(&f->rng) < f->plan.share;
	return drawn || (f->plan.nth && n >= f->plan.nth && n < f->plan.nth + times);
}

static void remember(struct fault *f, const char *call, struct clock *clock)
{
	int64_t now = clock_now(clock);

	if (f->failed < FAULT_KEEPS)
		f->strikes[f->failed] = (struct fault_strike){ call, now };
	f->failed++;
	if (f->struck)
		f->struck(f, call, now);
}

static int say(const struct fault *f, int code, const char *call, struct err *err)
{
	return err_set(err, code, "injected fault: %s%s%s, call %lld",
		       f->plan.kind == FAULT_ERROR ? "" : fault_kind_names[f->plan.kind],
		       f->plan.kind == FAULT_ERROR ? "" : " in ", call,
		       (long long)f->calls);
}

/* The clock may be a virtual one: what sleeps on it moves it. */
static void hang(struct fault *f, struct clock *clock)
{
	int64_t from = clock_now(clock);
	volatile const bool *aborted = &f->aborted; /* by a signal handler */

	f->aborted = false;
	while ((!*aborted || f->plan.stays) &&
	       (!f->plan.by_ns || clock_now(clock) - from < f->plan.by_ns))
		clock->sleep_until(clock, clock_now(clock) + 10 * NS_PER_MS);
}

static enum fault_deed deed(struct fault *f, const char *call, struct clock *clock,
			    int *rc, struct err *err)
{
	switch (f->plan.kind) {
	case FAULT_ERROR:
		*rc = say(f, f->plan.code, call, err);
		return f->plan.too_late ? DEED_WASTE : DEED_SKIP;
	case FAULT_DELAY:
		return DEED_DELAY;
	case FAULT_HANG:
		hang(f, clock);
		*rc = say(f, ERR_TIMEOUT, call, err);
		return DEED_SKIP;
	case FAULT_OTHER_NAME:
		f->renamed = true;
		f->gone = true;
		*rc = say(f, ERR_GONE, call, err);
		return DEED_SKIP;
	case FAULT_DISCONNECT:
		f->gone = true;
		*rc = say(f, ERR_GONE, call, err);
		return DEED_SKIP;
	case FAULT_ABORT:
		abort();
	case FAULT_CLOCK_STEP:
		f->step_ns = f->plan.by_ns;
		return DEED_MAKE;
	default:
		return DEED_BEND;
	}
}

enum fault_deed fault_call(struct fault *f, const char *call, struct clock *clock,
			   int *rc, struct err *err)
{
	bool struck = strikes(f, call);

	if (f->gone) {
		*rc = err_set(err, ERR_GONE, "injected fault: %s, there is no device",
			      call);
		return DEED_SKIP;
	}
	if (!struck)
		return DEED_MAKE;
	remember(f, call, clock);
	return deed(f, call, clock, rc, err);
}

void fault_linger(struct fault *f, struct clock *clock)
{
	clock->sleep_until(clock, clock_now(clock) + f->plan.by_ns);
}

bool fault_is(const struct fault *f, enum fault_kind kind)
{
	return f->plan.kind == kind;
}

void fault_rename(const struct fault *f, char *model, size_t size)
{
	if (f->renamed)
		snprintf(model, size, "another device");
}

int fault_back(struct fault *f, struct err *err)
{
	if (f->gone && f->plan.stays)
		return err_set(err, ERR_GONE, "injected fault: there is no device");
	f->gone = false;
	return 0;
}
