#include "bench/faults/campaign.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

const char *const campaign_role_names[CAMPAIGN_ROLES] = { "reader",     "card", "relay",
							  "positioner", "bus",  "sensor",
							  "disk",       "chip" };
const char *const campaign_kind_names[CAMPAIGN_KINDS] = {
	"error", "delay", "loss", "duplicate", "corrupt", "short", "hang", "disconnect",
	"other-name", "abort", "clock-step", "disk-full", "fsync",
	/* the chip's, as a desk says them; the first five are the air's, and so the target's */
	"crc", "status", "remove", "wtx", "late", "silent", "garbage", "no-ack", "mute",
	"bad-lcs", "bad-dcs", "bad-tfi", "bad-code", "error-frame", "reset", "hang-up"
};
#define OF_THE_AIR 5

static const char *const phone_names[] = { "honest", "slow", "lying" };

const char *scenario_text(const struct scenario *s, char out[200])
{
	snprintf(out, 200, "#%d %s/%s%s%s at %lld x%lld%s%s, %s %s, seed %llu", s->id,
		 campaign_role_names[s->role], campaign_kind_names[s->kind],
		 s->plan.call ? " of " : "", s->plan.call ? s->plan.call : "",
		 (long long)s->plan.nth, (long long)s->plan.times,
		 s->plan.stays ? ", stays" : "", s->plan.too_late ? ", late" : "",
		 phone_names[s->phone], s->as_phone ? "module" : "phone",
		 (unsigned long long)s->seed);
	return out;
}

bool scenario_is_targets(const struct scenario *s)
{
	if (s->role == CAMPAIGN_CHIP)
		return s->kind < FAULT_CHIP + OF_THE_AIR;
	return (s->role == RIG_READER || s->role == RIG_CARD) &&
	       (s->kind == FAULT_LOSS || s->kind == FAULT_DUPLICATE ||
		s->kind == FAULT_CORRUPT || s->kind == FAULT_SHORT);
}

void finding_wrong(struct finding *f, const char *fmt, ...)
{
	va_list ap;

	if (f->wrong)
		return;
	f->wrong = true;
	va_start(ap, fmt);
	vsnprintf(f->text, sizeof(f->text), fmt, ap);
	va_end(ap);
}

void finding_judge(struct finding *f, const struct scenario *s)
{
	bool targets = scenario_is_targets(s) && f->strikes > 0;

	if (f->verdict == VERDICT_FAIL && s->phone == PHONE_HONEST && !targets)
		finding_wrong(f, "FAIL of an honest target");
	if (f->verdict == VERDICT_PASS && s->phone != PHONE_HONEST)
		finding_wrong(f, "PASS of a bad target");
	/* one that is found at the third look may have been brought at the second: neither PASS nor FAIL */
	if (f->verdict == VERDICT_BENCH_ERROR && !f->late &&
	    (!f->strikes || (targets && strcmp(s->plan.call, "listen") != 0 &&
			     strcmp(s->plan.call, "activate") != 0)))
		finding_wrong(f, "BENCH_ERROR, and the bench was well");
	if (!f->strikes && !f->late &&
	    f->verdict != (s->phone == PHONE_HONEST ? VERDICT_PASS : VERDICT_FAIL))
		finding_wrong(f, "%s with nothing wrong in the bench",
			      verdict_name(f->verdict));
	if (s->kind == FAULT_OTHER_NAME && f->outcomes[OUTCOME_BENCH_ERROR] &&
	    !f->drained)
		finding_wrong(f, "it went on with another device");
	if (f->drained && f->verdict != VERDICT_BENCH_ERROR && f->verdict != VERDICT_FAIL)
		finding_wrong(f, "drained, and yet %s", verdict_name(f->verdict));
}

/* Calls that a role gets in a run, and about how many of each in one attempt. */
struct calls {
	const char *name;
	int each;
};
static const struct calls calls_of[CAMPAIGN_ROLES][6] = {
	[RIG_READER] = { { "exchange", 4 },
			 { "activate", 1 },
			 { "set_field", 2 },
			 { "deselect", 1 } },
	[RIG_CARD] = { { "receive", 4 },
		       { "answer", 4 },
		       { "listen", 1 },
		       { "release", 1 } },
	[RIG_RELAY] = { { "set", 2 } },
	[RIG_POSITIONER] = { { "move", 2 }, { "settle", 2 } },
	[RIG_SENSOR] = { { "look", 20 } },
	[RIG_BUS] = { { "send", 1 }, { "receive", 2 } },
	[CAMPAIGN_DISK] = { { "write", 1 } },
	[CAMPAIGN_CHIP] = { { "exchange", 3 } },
};

static bool applies(int role, int kind, enum campaign_place place)
{
	if (role == CAMPAIGN_CHIP)
		return kind >= FAULT_CHIP && place == PLACE_DESK;
	if (role == CAMPAIGN_DISK)
		return kind == FAULT_DISK_FULL || kind == FAULT_FSYNC;
	if (kind >= FAULT_KIND_COUNT)
		return false;
	return fault_applies((enum fault_kind)kind, campaign_role_names[role]);
}

/* How many of each kind and role. */
#define IN_PROCESS 11
#define ON_DESK 2
#define ATTEMPTS 9 /* of a run in process, about */

static void draw_length(struct scenario *s, struct rng *r)
{
	switch (s->kind) {
	case FAULT_DELAY:
		s->plan.by_ns = (int64_t)(1 + rng_below(r, 400)) * NS_PER_MS;
		break;
	case FAULT_HANG:
		s->plan.by_ns = s->place == PLACE_PROCESS || s->role >= RIG_POSITIONER
					? 3 * NS_PER_S
					: 0;
		break;
	case FAULT_CLOCK_STEP:
		s->plan.by_ns = (int64_t)(40 + rng_below(r, 5000)) * NS_PER_MS;
		if (s->place == PLACE_PROCESS && rng_below(r, 2))
			s->plan.by_ns = -s->plan.by_ns;
		break;
	default:
		break;
	}
}

static void draw(struct scenario *s, struct rng *r, int variant)
{
	const struct calls *calls = calls_of[s->role];
	int kinds = 0;

	while (kinds < 6 && calls[kinds].name)
		kinds++;
	calls += rng_below(r, (uint64_t)kinds);
	s->seed = rng_below(r, 1000000);
	s->plan = (struct fault_plan){
		.kind = (enum fault_kind)s->kind,
		.call = s->role == CAMPAIGN_DISK ? NULL : calls->name,
		.seed = s->seed,
		.code = (const int[]){ ERR_IO, ERR_TIMEOUT, ERR_GONE }[rng_below(r, 3)],
		.too_late = rng_below(r, 2),
		.times = rng_below(r, 4) ? 1 : 1 + (int64_t)rng_below(r, 6),
	};
	s->plan.nth = 1 + (int64_t)rng_below(
				  r, (uint64_t)(calls->each *
						(s->place == PLACE_DESK ? 4 : ATTEMPTS)));
	if (s->role == CAMPAIGN_DISK)
		s->plan.nth = 1 + (int64_t)rng_below(r, 20);
	/* what a worker that died looks like from in front; the dying itself is the desk's */
	if (s->kind == FAULT_ABORT && s->place == PLACE_PROCESS)
		s->plan.kind = FAULT_DISCONNECT;
	/*
	 * One command or all from then on. A few in a row, with good ones after them, is what no bench without a
	 * position sensor can tell from a target that finds nobody.
	 */
	if ((s->role == RIG_RELAY || s->role == RIG_POSITIONER) &&
	    (s->kind == FAULT_LOSS || s->kind == FAULT_CORRUPT))
		s->plan.times = s->plan.times > 2 ? 1000 : 1;
	if (s->kind ==
	    FAULT_FSYNC) /* a simulation syncs at its ends alone, a desk's run with each attempt */
		s->plan.nth = 1 + (int64_t)rng_below(r, s->place == PLACE_DESK ? 22 : 4);
	draw_length(s, r);
	s->plan.stays = (s->kind == FAULT_DISCONNECT || s->kind == FAULT_HANG) &&
			s->role != RIG_RELAY && rng_below(r, 4) == 0;
	s->phone = variant % 4 == 2   ? PHONE_SLOW
		   : variant % 4 == 3 ? PHONE_LIAR
				      : PHONE_HONEST;
	if (s->place == PLACE_DESK && variant && s->role != RIG_BUS)
		s->phone = (enum campaign_phone)(s->seed % 3);
	if (s->role ==
	    CAMPAIGN_CHIP) /* once, and what it does then is the desk's affair */
		s->plan = (struct fault_plan){ .call = "exchange", .nth = s->plan.nth };
	s->as_phone = s->role == RIG_CARD ||
		      (s->role >= RIG_RELAY && s->role <= RIG_BUS && variant % 2);
	if ((s->as_phone || s->role == RIG_SENSOR) && s->phone == PHONE_LIAR)
		s->phone = PHONE_SLOW;
}

int campaign_plan(struct scenario *out, int room, enum campaign_place place,
		  uint64_t seed)
{
	int each = place == PLACE_DESK ? ON_DESK : IN_PROCESS, n = 0;
	struct rng r;

	rng_init(&r, seed,
		 place == PLACE_DESK ? "faults on the desk" : "faults in process");
	for (int variant = 0; variant < each; variant++)
		for (int role = 0; role < CAMPAIGN_ROLES; role++)
			for (int kind = 0; kind < CAMPAIGN_KINDS; kind++) {
				struct scenario s = { .id = n + 1,
						      .place = place,
						      .role = role,
						      .kind = kind };

				if (!applies(role, kind, place) || n >= room)
					continue;
				draw(&s, &r, variant);
				out[n++] = s;
			}
	return n;
}
