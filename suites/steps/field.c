#include "bench/core/wire/airtime.h"
#include "drivers/card.h"
#include "drivers/reader.h"
#include "fixtures/proto/profile_ecp.h"
#include "suites/steps/steps.h"

/*
 * The RF field, and the selection of a card in it.
 */
struct field_params {
	bool on;
};

static const struct conf_item field_items[] = {
	{ "on", CONF_BOOL, offsetof(struct field_params, on), "yes",
	  "switch the field on or off", 0, 0, NULL },
	{ 0 },
};

static int set_field(struct step_env *env, bool on, struct err *err)
{
	int64_t called, now;
	int rc;

	called = clock_now(env->clock);
	env->field_on = true; /* unknown after a failure: tear-down switches it off */
	rc = reader_set_field(env->reader, on, err);
	if (rc) {
		env->failed |= NEED_READER;
		return err_wrap(err, rc, "switching the field %s", on ? "on" : "off");
	}
	env->field_on = on;
	now = clock_now(env->clock);
	if (on) /* settled by now; the carrier rose some time since the call */
		attempt_point(env->attempt, "field_on", now, now - called);
	else
		env->activated = false;
	return 0;
}

static int run_field(const void *params, struct step_env *env, struct err *err)
{
	const struct field_params *p = params;

	return set_field(env, p->on, err);
}

struct select_params {
	int64_t within_ns;
	int ecp;
};
enum annotation {
	ANNOTATE_NOT,
	ANNOTATE_TRANSACTION,
	ANNOTATE_PAIRING
};
static const char *const annotations[] = { "none", "transaction", "pairing", NULL };

static const struct conf_item select_items[] = {
	{ "within", CONF_TIME, offsetof(struct select_params, within_ns), "1 s",
	  "how long to poll for the phone, or to wait for the reader", NS_PER_MS,
	  60 * NS_PER_S, NULL },
	{ "ecp", CONF_CHOICE, offsetof(struct select_params, ecp), "none",
	  "what the polling announces, so that a phone wakes: the profile's frame", 0, 0,
	  annotations },
	{ 0 },
};

/* FSC from the ATS' T0; 32 bytes when the card says nothing. */
static int frame_size(const struct reader_card *card)
{
	return (int)isodep_frame_size(card->ats_len ? card->ats[0] & 15 : 2);
}

/* How this attempt polls. ERR_UNSUPPORTED: the profile has no such frame. */
int step_set_polling(struct reader_activation *a, const struct step_env *env,
		     int64_t within_ns, int ecp, struct err *err)
{
	const struct profile *profile = env->profile;
	struct buf frame = BUF_ON(a->annotation);

	a->timeout_ns = within_ns;
	if (ecp == ANNOTATE_NOT)
		return 0;
	if (!profile || !profile->ecp.present ||
	    (ecp == ANNOTATE_PAIRING && !profile->ecp.has_pairing))
		return err_set(err, ERR_UNSUPPORTED,
			       "select: the protocol profile %s has no frame for ecp: %s",
			       profile ? profile->name : "(none)", annotations[ecp]);
	profile_annotation(&frame, profile, ecp == ANNOTATE_PAIRING, env->vehicle_id);
	a->annotation_len = (uint8_t)frame.len;
	a->period_ns = profile->ecp.period_ns;
	return 0;
}

/* Look for the other side once. @return 1 found, 0 nobody, or an error of the bench */
static int look(struct step_env *env, const struct select_params *p, struct err *err)
{
	struct reader_activation a = { 0 };
	struct card_listen l = { .timeout_ns = p->within_ns };
	int rc = step_set_polling(&a, env, p->within_ns, p->ecp, err);

	if (!rc)
		rc = env->card ? card_listen(env->card, &l, err)
			       : reader_activate(env->reader, &a, err);

	if (rc) {
		env->failed |= NEED_READER;
		return err_wrap(err, rc, "looking once more");
	}
	return env->card ? l.result == CARD_OK : a.result == READER_OK;
}

/*
 * The control tap of a NO_TAP. A positioner that lost its command looks like a target that finds nobody, and the next
 * good tap would prove the bench. So look once more: found now, the phone was there, and it was the target. If not, tell
 * the positioner once more, which moves nothing when all is well; found now, it had not been told.
 *
 * @return 0: the NO_TAP stands; or an error of the bench
 */
static int control_tap(struct step_env *env, const struct select_params *p,
		       struct err *err)
{
	int rc;

	/* beside the tap the field has an edge, where one look finds what another missed: that proves nothing */
	if (!env->positioner || !env->approached || env->attempt->placed)
		return 0;
	rc = look(env, p, err);
	if (rc)
		return rc < 0 ? rc : 0;
	rc = place_again(env, err);
	if (!rc)
		rc = look(env, p, err);
	if (rc <= 0)
		return rc;
	env->failed |= NEED_POSITIONER;
	return err_set(err, ERR_IO,
		       "the phone was found only after the positioner was told to bring "
		       "it once more");
}

/* Nobody there within the time, and what that is worth. */
static int no_tap(struct step_env *env, const struct select_params *p, const char *what,
		  struct err *err)
{
	int rc;

	attempt_end(env->attempt, OUTCOME_NO_TAP, "%s within %lld ms", what,
		    (long long)(p->within_ns / NS_PER_MS));
	rc = control_tap(env, p, err);
	return rc ? rc : STEP_STOP;
}

/* Arrangement B: the vehicle polls, and finds us. */
static int be_found(struct step_env *env, const struct select_params *p, struct err *err)
{
	struct card_listen l = { .timeout_ns = p->within_ns };
	int rc;

	env->activated =
		true; /* perhaps: tear-down makes sure that we are no card any more */
	rc = card_listen(env->card, &l, err);
	if (rc) {
		env->failed |= NEED_READER;
		return err_wrap(err, rc, "listening for the vehicle");
	}
	if (l.result != CARD_OK)
		return no_tap(env, p, "no reader activated us", err);
	attempt_point(env->attempt, "activated", l.activated_ns, l.slack_ns);
	return 0;
}

static int run_select(const void *params, struct step_env *env, struct err *err)
{
	const struct select_params *p = params;
	struct reader_activation a = { 0 };
	int rc;

	if (env->card)
		return be_found(env, p, err);
	rc = step_set_polling(&a, env, p->within_ns, p->ecp, err);
	if (rc)
		return rc;
	if (!env->field_on)
		rc = set_field(env, true, err);
	if (!rc)
		rc = reader_activate(env->reader, &a, err);
	if (rc) {
		env->failed |= NEED_READER;
		return err_wrap(err, rc, "polling for the phone");
	}
	if (a.result != READER_OK)
		return no_tap(env, p, "no card was activated", err);
	env->activated = true;
	env->ecp = p->ecp;
	env->card_fsc = frame_size(&a.card);
	if (a.annotation_len)
		attempt_point(env->attempt, "polled", a.first_ns, a.slack_ns);
	attempt_point(env->attempt, "activated", a.activated_ns, a.slack_ns);
	if (!(a.card.sak & 0x20)) {
		attempt_end(env->attempt, OUTCOME_REFUSED,
			    "the card does not speak ISO/IEC 14443-4 (SAK %02x)",
			    a.card.sak);
		attempt_complain(env->attempt, "the card does not speak ISO/IEC 14443-4");
		return STEP_STOP;
	}
	return 0;
}

static const char *rehearse_field(const void *params, struct attempt *a)
{
	const struct field_params *p = params;

	if (p->on)
		attempt_point(a, "field_on", 0, 0);
	return NULL;
}

static const char *rehearse_select(const void *params, struct attempt *a)
{
	const struct select_params *p = params;

	if (attempt_find(a, "activated"))
		return "one 'select' an attempt: a second would overwrite the moments of "
		       "the first";
	if (attempt_find(a, "retreat"))
		return "the phone is away again: 'retreat' stands before it";
	attempt_point(a, "field_on", 0, 0);
	if (p->ecp != ANNOTATE_NOT)
		attempt_point(a, "polled", 0, 0);
	attempt_point(a, "activated", 0, 0);
	return NULL;
}

const struct step_kind step_field = {
	.name = "field",
	.help = "switch the reader's RF field",
	.needs = NEED_READER | NEED_FIELD,
	.params = field_items,
	.params_size = sizeof(struct field_params),
	.rehearse = rehearse_field,
	.run = run_field,
};

const struct step_kind step_select = {
	.name = "select",
	.help = "field on, poll until a phone is activated; as the phone, wait until a "
		"reader activates us",
	.needs = NEED_READER,
	.params = select_items,
	.params_size = sizeof(struct select_params),
	.rehearse = rehearse_select,
	.run = run_select,
};
