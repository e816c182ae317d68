#include "drivers/can/hwstamp.h"

#include <errno.h>
#include <linux/net_tstamp.h>

bool hwstamp_choose(unsigned flags, int refused, const char **why)
{
	const unsigned needed =
		SOF_TIMESTAMPING_RX_HARDWARE | SOF_TIMESTAMPING_RAW_HARDWARE;

	*why = "the driver has none";
	if ((flags & needed) != needed)
		return false;
	/* a driver without that request stamps always; one that is not ours to set may be set already */
	*why = "";
	if (!refused || refused == EOPNOTSUPP || refused == ENOTTY || refused == EPERM)
		return true;
	*why = "the driver does not switch them on";
	return false;
}

static int64_t apart(int64_t a, int64_t b)
{
	return a < b ? b - a : a - b;
}

static void forget(struct hwstamp *h)
{
	h->fit = (struct clockfit){ 0 };
	h->any = false;
}

/* Of this window's frames the least late; at its end it is a reading. */
static void compare(struct hwstamp *h, int64_t hardware_ns, int64_t at_ns,
		    int64_t slack_ns)
{
	if (h->any && hardware_ns >= h->until_ns) {
		clockfit_add(&h->fit, &h->best);
		h->any = false;
	}
	if (h->any && at_ns - hardware_ns >= h->ahead_ns)
		return;
	if (!h->any)
		h->until_ns = hardware_ns + HWSTAMP_WINDOW_NS;
	h->any = true;
	h->ahead_ns = at_ns - hardware_ns;
	h->best = (struct clockfit_reading){ at_ns, hardware_ns, slack_ns };
}

bool hwstamp_take(struct hwstamp *h, int64_t hardware_ns, int64_t *at_ns,
		  int64_t *slack_ns)
{
	int64_t at, slack;

	if (!h->on)
		return false;
	if (!hardware_ns) {
		h->on = ++h->missing < HWSTAMP_PATIENCE;
		return false;
	}
	h->missing = 0;
	compare(h, hardware_ns, *at_ns, *slack_ns);
	if (!h->fit.count)
		return false;
	at = clockfit_bench(&h->fit, hardware_ns, &slack);
	if (apart(at, *at_ns) > HWSTAMP_APART_NS) {
		forget(h);
		return false;
	}
	/* the kernel cannot have had it before it was there: what it had earlier, the fit is wrong by */
	if (at > *at_ns) {
		slack += at - *at_ns;
		at = *at_ns;
	}
	*at_ns = at;
	*slack_ns = slack;
	return true;
}
