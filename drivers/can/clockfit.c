#include "drivers/can/clockfit.h"

#include "bench/core/clock.h"

#include <assert.h>

static int64_t offset(const struct clockfit_reading *r)
{
	return r->other_ns - r->bench_ns;
}

static int64_t absolute(int64_t v)
{
	return v < 0 ? -v : v;
}

void clockfit_add(struct clockfit *f, const struct clockfit_reading *r)
{
	int64_t apart = r->other_ns - f->anchor.other_ns;

	f->last = *r;
	if (!f->count++) {
		f->anchor = *r;
		return;
	}
	f->residual_ns = absolute(offset(r) - offset(&f->anchor) -
				  (int64_t)(f->rate * (double)apart));
	/* by the bench clock, which nobody sets */
	if (r->bench_ns - f->anchor.bench_ns < NS_PER_S)
		return;
	if (apart > 0) {
		f->rate = (double)(offset(r) - offset(&f->anchor)) / (double)apart;
		f->rated = f->rate < 1e-3 && f->rate > -1e-3;
	}
	if (apart <= 0 || !f->rated) { /* it was set: begin anew */
		f->rate = 0;
		f->rated = false;
	}
	f->anchor = *r;
}

int64_t clockfit_bench(const struct clockfit *f, int64_t other_ns, int64_t *slack_ns)
{
	int64_t since = other_ns - f->last.other_ns;
	double wander = f->rated ? CLOCKFIT_WANDER : CLOCKFIT_SLEW;

	assert(f->count);
	*slack_ns = f->last.half_ns + f->residual_ns +
		    (int64_t)(wander * (double)absolute(since)) + 1;
	return f->last.bench_ns + since - (int64_t)(f->rate * (double)since);
}
