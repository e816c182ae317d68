#include "drivers/positioner/pair_drive.h"

void pair_drive_init(struct pair_drive *d, int64_t now_ns)
{
	d->want = PAIR_NONE;
	d->on[PAIR_OUT] = d->on[PAIR_BACK] = false;
	d->off_ns[PAIR_OUT] = d->off_ns[PAIR_BACK] = now_ns;
}

void pair_drive_want(struct pair_drive *d, enum pair_leg leg)
{
	d->want = leg;
}

void pair_drive_switched(struct pair_drive *d, enum pair_leg leg, bool on, int64_t now_ns)
{
	if (on && !d->on[leg])
		d->on_ns[leg] = now_ns;
	if (!on)
		d->off_ns[leg] = now_ns;
	d->on[leg] = on;
}

static void rest(struct pair_drive *d, struct pair_step *out, enum pair_did did)
{
	d->want = PAIR_NONE;
	*out = (struct pair_step){ .did = did };
}

void pair_drive_step(struct pair_drive *d, int64_t now_ns, const bool stop[2],
		     struct pair_step *out)
{
	enum pair_leg leg = d->want, other = leg == PAIR_OUT ? PAIR_BACK : PAIR_OUT;
	int64_t end_ns;

	if (leg == PAIR_NONE) {
		rest(d, out, PAIR_RESTS);
		return;
	}
	if (d->has_stop[PAIR_OUT] && d->has_stop[PAIR_BACK] && stop[PAIR_OUT] &&
	    stop[PAIR_BACK]) {
		rest(d, out, PAIR_CROSSED);
		return;
	}
	if (d->has_stop[leg] && stop[leg]) {
		rest(d, out, PAIR_ARRIVED);
		return;
	}
	*out = (struct pair_step){ .did = PAIR_MOVES, .next_ns = now_ns };
	if (d->on[other]) /* off first; the dead time counts from when that is done */
		return;
	if (now_ns < d->off_ns[other] + d->dead_ns) {
		out->next_ns = d->off_ns[other] + d->dead_ns;
		return;
	}
	end_ns = d->on_ns[leg] + (d->has_stop[leg] ? d->limit_ns : d->run_ns[leg]);
	if (d->on[leg] && now_ns >= end_ns) {
		rest(d, out, d->has_stop[leg] ? PAIR_OVERDUE : PAIR_ARRIVED);
		return;
	}
	out->on[leg] = true;
	if (d->on[leg])
		out->next_ns = end_ns;
}
