#include "tools/emu/actuator.h"

#define IN_FIELD 0.8 /* of the way */
#define STOP 0.01    /* so near to an end its switch is pressed */

static void say(const struct actuator *a, const char *what)
{
	truth_say(world_truth(a->world), world_now(a->world), what, "i:permille",
		  (int64_t)(a->at * 1000 + 0.5));
}

static int direction(const struct actuator *a)
{
	return a->closed[ACTUATOR_OUT] - a->closed[ACTUATOR_BACK];
}

/* Up to now. */
static void run(struct actuator *a)
{
	int64_t now = world_now(a->world);
	double way = (double)(now - a->since_ns) / (double)a->options.travel_ns;

	a->at += direction(a) * way;
	a->at = a->at < 0 ? 0 : a->at > 1 ? 1 : a->at;
	a->since_ns = now;
}

static void tell_stop(struct actuator *a, enum actuator_leg leg, bool on)
{
	if (on == a->stop[leg])
		return;
	a->stop[leg] = on;
	if (a->stopped)
		a->stopped(a->ctx, leg, on);
}

static void tell_field(struct actuator *a, bool there)
{
	if (there == a->card->in_field)
		return;
	say(a, there ? "phone_in_field" : "phone_left");
	card_place(a->card, there);
}

/* A little beyond a place, so that rounding does not ask for it again and again. */
#define BEYOND_NS 1000

static void schedule(struct actuator *a)
{
	static const double places[] = { 0, STOP, IN_FIELD, 1 - STOP, 1 };
	int way = direction(a);
	double nearest = 2;

	for (size_t i = 0; way && i < sizeof(places) / sizeof(places[0]); i++) {
		double left = (places[i] - a->at) * way;

		if (left > 0 && left < nearest)
			nearest = left;
	}
	if (nearest > 1)
		timer_stop(a->world, &a->tick);
	else
		timer_set(a->world, &a->tick,
			  world_now(a->world) +
				  (int64_t)(nearest * (double)a->options.travel_ns) +
				  BEYOND_NS);
}

static void on_tick(void *ctx)
{
	struct actuator *a = ctx;

	run(a);
	tell_stop(a, ACTUATOR_OUT, a->at >= 1 - STOP);
	tell_stop(a, ACTUATOR_BACK, a->at <= STOP);
	tell_field(a, a->at >= IN_FIELD);
	schedule(a);
}

static void switch_contact(struct actuator *a, enum actuator_leg leg)
{
	run(a);
	a->closed[leg] = !a->closed[leg];
	say(a, a->closed[ACTUATOR_OUT] && a->closed[ACTUATOR_BACK] ? "actuator_shorted"
	       : direction(a) > 0                                  ? "actuator_extends"
	       : direction(a) < 0                                  ? "actuator_retracts"
								   : "actuator_stands");
	on_tick(a);
}

static void out_contact(void *ctx)
{
	switch_contact(ctx, ACTUATOR_OUT);
}

static void back_contact(void *ctx)
{
	switch_contact(ctx, ACTUATOR_BACK);
}

void actuator_relay(struct actuator *a, int channel, bool on)
{
	for (int leg = 0; leg < 2; leg++) {
		double low = on ? 6 : 3, spread = on ? 7 : 2;

		if (channel != a->options.channel[leg])
			continue;
		if (on == a->closed[leg]) /* switched back before the contact moved */
			timer_stop(a->world, &a->contact[leg]);
		else
			timer_set(a->world, &a->contact[leg],
				  world_now(a->world) +
					  (int64_t)((low + rng_unit(&a->rng) * spread) *
						    (double)NS_PER_MS));
	}
}

void actuator_init(struct actuator *a, struct world *w, struct card *card,
		   const struct actuator_options *options)
{
	*a = (struct actuator){ .world = w,
				.card = card,
				.options = *options,
				.at = options->at,
				.since_ns = world_now(w) };
	if (a->options.travel_ns < 1)
		a->options.travel_ns = 1;
	a->contact[ACTUATOR_OUT].fn = out_contact;
	a->contact[ACTUATOR_BACK].fn = back_contact;
	a->tick.fn = on_tick;
	a->contact[ACTUATOR_OUT].ctx = a->contact[ACTUATOR_BACK].ctx = a->tick.ctx = a;
	rng_init(&a->rng, world_seed(w), "actuator.contacts");
}

void actuator_begin(struct actuator *a)
{
	say(a, "actuator_stands");
	on_tick(a);
}
