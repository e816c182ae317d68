#include "tools/emu/motion.h"

#define IN_FIELD 0.8 /* of the way */

static void say(struct motion *m, const char *what)
{
	struct truth *t = world_truth(m->world);

	if (m->card->name)
		truth_say(t, world_now(m->world), what, "s:card", m->card->name);
	else
		truth_say(t, world_now(m->world), what, "");
}

static int64_t between(struct rng *r, int64_t low_ns, int64_t high_ns)
{
	return low_ns + (int64_t)(rng_unit(r) * (double)(high_ns - low_ns));
}

/* Where it is now, on its way with the contact closed (forth) or open (back). */
static double place(const struct motion *m)
{
	double way = (double)(world_now(m->world) - m->moved_ns) / (double)m->travel_ns;
	double at = m->closed ? m->at + way : m->at - way;

	return at < 0 ? 0 : at > 1 ? 1 : at;
}

static void leave_field(void *ctx)
{
	struct motion *m = ctx;

	if (!m->card->in_field)
		return;
	say(m, "phone_left");
	card_place(m->card, false);
}

static void settle(void *ctx)
{
	struct motion *m = ctx;

	say(m, "phone_in_field");
	card_place(m->card, true);
}

static void reach_end(void *ctx)
{
	struct motion *m = ctx;

	if (!m->closed) {
		say(m, "phone_away");
		return;
	}
	say(m, "phone_arrived");
	if (m->sensed)
		m->sensed(m->ctx, true);
	if (m->card->in_field)
		return;
	if (m->options.bounce_ns)
		say(m, "phone_bounces");
	timer_set(m->world, &m->settle,
		  world_now(m->world) + (int64_t)(rng_unit(&m->travel_rng) *
						  (double)m->options.bounce_ns));
}

static void start_move(struct motion *m)
{
	int64_t now = world_now(m->world);
	double spread = rng_normal(&m->travel_rng) * (double)m->options.jitter_ns;

	m->at = place(m);
	m->closed = !m->closed;
	m->moved_ns = now;
	m->travel_ns = m->options.travel_ns + (int64_t)spread;
	if (m->travel_ns < m->options.travel_ns / 2)
		m->travel_ns = m->options.travel_ns / 2;
	if (m->travel_ns < 1)
		m->travel_ns = 1;
	timer_stop(m->world, &m->settle);
	timer_stop(m->world, &m->leave);
	if (m->sensed && !m->closed)
		m->sensed(m->ctx, false);
	truth_say(world_truth(m->world), now, "phone_moves", "s:to i:travel_ns",
		  m->closed ? "reader" : "away", m->travel_ns);
	if (m->closed) {
		timer_set(m->world, &m->end,
			  now + (int64_t)((1 - m->at) * (double)m->travel_ns));
		return;
	}
	timer_set(m->world, &m->end, now + (int64_t)(m->at * (double)m->travel_ns));
	if (m->at > IN_FIELD)
		timer_set(m->world, &m->leave,
			  now + (int64_t)((m->at - IN_FIELD) * (double)m->travel_ns));
	else
		leave_field(m);
}

static void on_contact(void *ctx)
{
	struct motion *m = ctx;

	truth_say(world_truth(m->world), world_now(m->world), "contact", "b:closed",
		  !m->closed);
	start_move(m);
}

void motion_relay(void *motion, int channel, bool on)
{
	struct motion *m = motion;
	int64_t delay_ns;

	if (channel != m->options.channel)
		return;
	if (on == m->closed) { /* switched back before the contact moved */
		timer_stop(m->world, &m->contact);
		return;
	}
	if (on)
		delay_ns = between(&m->contact_rng, 5 * NS_PER_MS, 10 * NS_PER_MS) +
			   between(&m->contact_rng, 1 * NS_PER_MS, 3 * NS_PER_MS);
	else
		delay_ns = between(&m->contact_rng, 3 * NS_PER_MS, 5 * NS_PER_MS);
	timer_set(m->world, &m->contact, world_now(m->world) + delay_ns);
}

void motion_remove(void *motion)
{
	struct motion *m = motion;

	timer_stop(m->world, &m->settle);
	leave_field(m);
}

void motion_init(struct motion *m, struct world *w, struct card *card,
		 const struct motion_options *options)
{
	*m = (struct motion){ .world = w, .card = card, .options = *options };
	m->travel_ns = options->travel_ns > 0 ? options->travel_ns : 1;
	m->moved_ns = world_now(w);
	m->contact.fn = on_contact;
	m->end.fn = reach_end;
	m->settle.fn = settle;
	m->leave.fn = leave_field;
	m->contact.ctx = m->end.ctx = m->settle.ctx = m->leave.ctx = m;
	rng_init(&m->contact_rng, world_seed(w), "relay.contact");
	rng_init(&m->travel_rng, world_seed(w), "phone.travel");
	if (!options->present)
		return;
	m->at = 1;
	m->closed = true;
	card_place(card, true);
	say(m, "phone_in_field");
}
