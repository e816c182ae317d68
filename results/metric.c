#include "results/metric.h"

#include <string.h>

enum how {
	SPAN,              /* from one point to another */
	VALUE,             /* a value of that name */
	OVERHEAD,          /* transact less all that is accounted for */
	OVERHEAD_OF_DEVICE /* the same, with the device's own time still in it */
};

const struct metric metrics[] = {
	{ "tap", "activated to control flow answered: what a person waits for", true,
	  true },
	{ "transact", "SELECT sent to control flow answered", true, true },
	{ "tap_to_bus", "activated to the first matching CAN frame", true, true },
	{ "activation", "settled field to activated", true, false },
	{ "poll_to_answer", "first poll to activated: how long a phone takes to wake",
	  true, false },
	{ "select", "SELECT sent to answered", true, false },
	{ "auth0", "AUTH0 sent to answered", true, false },
	{ "auth1", "AUTH1 sent to answered", true, false },
	{ "exchange", "EXCHANGE sent to answered", true, false },
	{ "control_flow", "CONTROL FLOW sent to answered", true, false },
	{ "pairing", "owner pairing: both phases, without the field reset between them",
	  true, true },
	{ "pair_2a", "its first phase: SELECT sent to the last answer", true, false },
	{ "pair_2b", "its second phase, likewise", true, false },
	{ "pair_request", "SPAKE2+ REQUEST sent to answered", true, false },
	{ "pair_verify", "SPAKE2+ VERIFY sent to answered", true, false },
	{ "uds", "UDS request on the bus to the first frame of its answer", true, false },
	{ "airtime_floor",
	  "computed: the bytes of the transaction on the air, and nothing else", false,
	  false },
	{ "vehicle", "thinking time of the vehicle side, where it stamps itself", false,
	  false },
	{ "device", "thinking time of the device side, where it stamps itself", false,
	  false },
	{ "overhead", "transact less airtime_floor, vehicle and device", false, false },
	{ "device+overhead",
	  "transact less airtime_floor and vehicle: the device does not stamp itself",
	  false, false },
	{ "held_up",
	  "how long the machine held the emulated desk up: in any other number, or in "
	  "none",
	  false, false },
	{ NULL, NULL, false, false },
};

/* How the rows above are made, in their order. */
static const struct {
	enum how how;
	const char *from, *to;
} rules[] = {
	{ SPAN, "activated", "control_flow.answered" },
	{ SPAN, "select.sent", "control_flow.answered" },
	{ SPAN, "activated", "bus" },
	{ SPAN, "field_on", "activated" },
	{ SPAN, "polled", "activated" },
	{ SPAN, "select.sent", "select.answered" },
	{ SPAN, "auth0.sent", "auth0.answered" },
	{ SPAN, "auth1.sent", "auth1.answered" },
	{ SPAN, "exchange.sent", "exchange.answered" },
	{ SPAN, "control_flow.sent", "control_flow.answered" },
	{ VALUE, "pairing", NULL },
	{ SPAN, "pair_2a.sent", "pair_2a.answered" },
	{ SPAN, "pair_2b.sent", "pair_2b.answered" },
	{ SPAN, "pair_request.sent", "pair_request.answered" },
	{ SPAN, "pair_verify.sent", "pair_verify.answered" },
	{ SPAN, "uds.sent", "uds.answered" },
	{ VALUE, "airtime_floor", NULL },
	{ VALUE, "vehicle", NULL },
	{ VALUE, "device", NULL },
	{ OVERHEAD, NULL, NULL },
	{ OVERHEAD_OF_DEVICE, NULL, NULL },
	{ VALUE, "held_up", NULL },
};

_Static_assert(sizeof(rules) / sizeof(rules[0]) == METRIC_COUNT,
	       "a rule for every metric");
_Static_assert(sizeof(metrics) / sizeof(metrics[0]) == METRIC_COUNT + 1, "and an end");

int metric_find(const char *name)
{
	for (int i = 0; metrics[i].name; i++)
		if (strcmp(metrics[i].name, name) == 0)
			return i;
	return -1;
}

static int64_t span(const struct attempt *a, const char *from, const char *to)
{
	const struct attempt_point *start = attempt_find(a, from),
				   *end = attempt_find(a, to);
	const struct attempt_point *t0 = attempt_find(a, "t0");

	/* a rig whose sensor is t0 says so: the tap begins there (and never ends there) */
	if (t0 && strcmp(from, "activated") == 0)
		start = t0;

	if (!start || !end || end->at_ns < start->at_ns)
		return -1;
	return end->at_ns - start->at_ns;
}

static int64_t overhead(const struct attempt *a, bool of_device)
{
	int64_t transact = span(a, "select.sent", "control_flow.answered");
	int64_t floor_ns = attempt_value_of(a, "airtime_floor"),
		vehicle = attempt_value_of(a, "vehicle");
	int64_t device = attempt_value_of(a, "device"), rest;

	/* either it stamps itself or it does not: never both numbers */
	if (transact < 0 || floor_ns < 0 || vehicle < 0 || (device < 0) != of_device)
		return -1;
	rest = transact - floor_ns - vehicle - (of_device ? 0 : device);
	return rest < 0 ? -1 : rest;
}

int64_t metric_of(int metric, const struct attempt *a)
{
	switch (rules[metric].how) {
	case SPAN:
		return span(a, rules[metric].from, rules[metric].to);
	case VALUE:
		return attempt_value_of(a, rules[metric].from);
	case OVERHEAD:
		return overhead(a, false);
	default:
		return overhead(a, true);
	}
}
