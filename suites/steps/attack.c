#include "drivers/reader.h"
#include "fixtures/vehicle/vehicle.h"
#include "suites/steps/apdu.h"
#include "suites/steps/mailbox.h"
#include "suites/steps/steps.h"
#include "suites/steps/stimulus.h"

#include <stdio.h>
#include <string.h>

/*
 * A transaction in which somebody interferes. The vehicle engine is honest and knows of nothing; at the commands that
 * the suite names something else is sent, or something before them.
 */
#define ATTACK_MAX 8
#define AWAY_NS (50 * NS_PER_MS) /* the field is off */

enum place {
	PLACE_ON,
	PLACE_BEFORE
};
enum session { /* after the stimulus was answered */
	SESSION_DEFAULT,
	SESSION_LIVES, /* the vehicle's own command is sent, and all goes on */
	SESSION_DIES,  /* it is sent, must be refused, and that is the end */
	SESSION_OVER,  /* that is the end */
	SESSION_FED    /* the vehicle gets the answer as if it were its own's */
};
static const char *const session_names[] = { "default", "lives", "dies",
					     "over",    "fed",   NULL };

struct interference {
	struct stimulus s; /* first: its items are shared */
	int on, before;    /* as stimulus_commands */
	int64_t nth;
	int session;
};

struct attack_params {
	int kind, action, ends;
	struct node with, exchange;
	bool atomic;
	const char *why;
	/* made by bind */
	struct interference list[ATTACK_MAX];
	int count;
	struct mailbox_list mailboxes;
};

enum ends {
	ENDS_OPENED,
	ENDS_REFUSED,
	ENDS_FALLBACK
};
static const char *const kinds[] = { "fast", "standard", NULL };
static const char *const actions[] = { "unlock", "lock", "start", NULL };
static const char *const ends_names[] = { "opened", "refused", "fallback", NULL };

#define AT(field) offsetof(struct attack_params, field)
static const struct conf_item attack_items[] = {
	{ "kind", CONF_CHOICE, AT(kind), NULL, "fast or standard", 0, 0, kinds },
	{ "action", CONF_CHOICE, AT(action), "unlock", "what the vehicle wants to do", 0,
	  0, actions },
	{ "with", CONF_NODE, AT(with), NULL, "what is done to it: a list of stimuli", 0,
	  0, NULL },
	{ "ends", CONF_CHOICE, AT(ends), "opened",
	  "how the vehicle must end it, should it come to an end", 0, 0, ends_names },
	{ "why", CONF_TEXT, AT(why), CONF_ABSENT, "what its reason must contain", 0, 0,
	  NULL },
	{ "exchange", CONF_NODE, AT(exchange), CONF_ABSENT,
	  "what is done in the mailboxes, as of transact", 0, 0, NULL },
	{ "atomic", CONF_BOOL, AT(atomic), "no", "all of exchange takes effect, or none",
	  0, 0, NULL },
	{ 0 },
};

static const char *const break_names[] = { "no", "deselect", "field", NULL };

#undef AT
#define AT(field) offsetof(struct interference, field)
static const struct conf_item interference_items[] = {
	STIMULUS_ITEMS,
	{ "on", CONF_CHOICE, AT(on), "none", "in the place of that command", 0, 0,
	  stimulus_commands },
	{ "before", CONF_CHOICE, AT(before), "none", "before that command", 0, 0,
	  stimulus_commands },
	{ "nth", CONF_INT, AT(nth), "1", "which one of them", 1, 32, NULL },
	{ "session", CONF_CHOICE, AT(session), "default", "what has become of it", 0, 0,
	  session_names },
	{ "plain", CONF_HEX, AT(s.plain), CONF_ABSENT,
	  "an EXCHANGE with this content, under a good MAC", 0, 200, NULL },
	{ "break", CONF_CHOICE, AT(s.broken), "no",
	  "no command: the link is broken, and the phone selected again", 0, 0,
	  break_names },
	{ "skip", CONF_INT, AT(s.skip), "0", "the channel's counter jumps before it",
	  -256, 256, NULL },
	{ "times", CONF_INT, AT(s.times), "1", "how often", 1, STIMULUS_MAX_TIMES, NULL },
	{ 0 },
};

static int bind_one(struct interference *x, struct node n, struct err *err)
{
	int rc = conf_bind(n, interference_items, x, err);

	if (rc)
		return rc;
	if (!x->on == !x->before)
		return node_error(n, err,
				  "with: one of on and before says where it happens");
	if ((x->s.command != 0) + (x->s.replay != 0) + (x->s.send.len != 0) +
		    (x->s.plain.data != NULL) + (x->s.broken != BREAK_NOT) >
	    1)
		return node_error(
			n, err,
			"with: one of command, replay, send, plain and break happens");
	if (x->session == SESSION_DEFAULT)
		x->session = x->on && !node_present(x->s.alter_at) && !x->s.command &&
					     !x->s.replay && !x->s.send.len &&
					     !x->s.plain.data
				     ? SESSION_FED
				     : SESSION_LIVES;
	if (x->s.broken && (x->on || node_present(x->s.alter_at) ||
			    node_present(x->s.answer_at) || x->s.shape || x->s.fresh))
		return node_error(n, err,
				  "break: happens before a command, and has no answer");
	if (x->before && x->session == SESSION_FED)
		return node_error(n, err,
				  "session: what is sent before a command has no answer "
				  "that the vehicle could be fed with");
	return stimulus_bind(&x->s, err);
}

static int bind_attack(void *params, struct err *err)
{
	struct attack_params *p = params;
	int rc = mailbox_list_bind(&p->mailboxes, p->exchange, err);

	if (rc)
		return rc;
	if (!node_is_list(p->with) || node_count(p->with) == 0 ||
	    node_count(p->with) > ATTACK_MAX)
		return node_error(p->with, err,
				  "with: a list of 1 to %d stimuli is needed",
				  ATTACK_MAX);
	for (int i = 0; !rc && i < node_count(p->with); i++)
		rc = bind_one(&p->list[p->count++], node_item(p->with, i), err);
	return rc;
}

/* A transaction that is interfered with, while it runs. */
struct course {
	const struct attack_params *p;
	int seen[FORGED_COUNT + 1]; /* of the vehicle's own commands, by name */
	unsigned done;              /* bits of the list */
	bool ended;                 /* before the vehicle ended it */
	struct buf command, own, answer;
	uint8_t command_mem[READER_MAX_COMMAND], own_mem[READER_MAX_COMMAND],
		answer_mem[300];
};

static int index_of(const char *name)
{
	for (int i = 1; stimulus_commands[i]; i++)
		if (strcmp(stimulus_commands[i], name) == 0)
			return i;
	return 0;
}

/* The vehicle's own command. */
static int send_own(struct course *c, struct step_env *env, const char *name,
		    struct err *err)
{
	int64_t floor_ns = 0;
	int rc;

	buf_clear(&c->answer);
	rc = step_apdu(env, name, buf_bytes(&c->own), &c->answer, &floor_ns, err);
	if (!rc)
		rc = stimulus_keep(env, buf_bytes(&c->own), buf_bytes(&c->answer), err);
	return rc;
}

/* The session must be gone: what was good a moment ago is refused. */
static int probe(struct course *c, struct step_env *env, const char *name,
		 struct err *err)
{
	int rc = send_own(c, env, name, err);

	if (rc)
		return rc;
	c->ended = true;
	if (!stimulus_is_refusal(buf_bytes(&c->answer), env->profile))
		attempt_complain(env->attempt,
				 "%s: the session lives on after the attack", name);
	return 0;
}

/* The phone is let go, or loses the field, and is selected again. */
static int break_link(struct step_env *env, enum link_break how, struct err *err)
{
	struct reader_activation a = { 0 };
	int rc = step_set_polling(&a, env, NS_PER_S, env->ecp, err);

	if (!rc && how == BREAK_DESELECT)
		rc = reader_deselect(env->reader, err);
	if (!rc && how == BREAK_FIELD) {
		rc = reader_set_field(env->reader, false, err);
		if (!rc)
			rc = env->sleep_until(env, clock_now(env->clock) + AWAY_NS, err);
		if (!rc)
			rc = reader_set_field(env->reader, true, err);
	}
	if (!rc)
		rc = reader_activate(env->reader, &a, err);
	if (rc) {
		env->failed |= NEED_READER;
		return err_wrap(err, rc, "breaking the link");
	}
	if (a.result == READER_OK)
		return 0;
	attempt_end(env->attempt, OUTCOME_RF_ERROR,
		    "the phone did not come back after the link was broken");
	return STEP_STOP;
}

/* @return 0 the vehicle's own command is due; 1 it was answered, or there will be no more; or an error */
static int interfere(struct course *c, struct step_env *env, int i, const char *name,
		     struct err *err)
{
	const struct interference *x = &c->p->list[i];
	char what[28];
	int rc = 0;

	snprintf(what, sizeof(what), "attack_%d", i + 1);
	c->done |= 1u << i;
	if (x->s.broken)
		rc = break_link(env, (enum link_break)x->s.broken, err);
	for (int64_t k = 0; !rc && !x->s.broken && k < x->s.times; k++) {
		rc = stimulus_build(&x->s, env, &c->own, &c->command, err);
		if (!rc)
			rc = stimulus_ask(&x->s, env, what, buf_bytes(&c->command),
					  &c->answer, err);
	}
	if (rc < 0)
		return rc;
	if (rc || x->session == SESSION_OVER) {
		c->ended = true;
		return 1;
	}
	if (x->session == SESSION_DIES) {
		rc = probe(c, env, name, err);
		return rc ? rc : 1;
	}
	return x->session == SESSION_FED;
}

/* One command of the vehicle, with all that happens to it. The answer for it is in c->answer, or c->ended. */
static int turn(struct course *c, struct step_env *env, const char *name, struct err *err)
{
	const int index = index_of(name), nth = ++c->seen[index];
	int rc = 0;

	for (int place = PLACE_BEFORE; place >= PLACE_ON; place--)
		for (int i = 0; i < c->p->count; i++) {
			const struct interference *x = &c->p->list[i];

			if ((place == PLACE_ON ? x->on : x->before) != index ||
			    x->nth != nth)
				continue;
			rc = interfere(c, env, i, name, err);
			if (rc)
				return rc < 0 ? rc : 0;
		}
	return send_own(c, env, name, err);
}

static int converse(struct course *c, struct step_env *env, struct err *err)
{
	const char *name;
	int rc = 0;

	while (!rc && !c->ended &&
	       vehicle_next(env->vehicle, &c->own, &name) == VEHICLE_SEND) {
		rc = turn(c, env, name, err);
		if (!rc && !c->ended)
			vehicle_answer(env->vehicle, buf_bytes(&c->answer));
	}
	return rc;
}

static void judge(const struct course *c, struct step_env *env)
{
	const struct vehicle_result *r = vehicle_result(env->vehicle);
	struct attempt *a = env->attempt;
	const enum ends end = r->refused     ? ENDS_REFUSED
			      : r->fell_back ? ENDS_FALLBACK
					     : ENDS_OPENED;

	for (int i = 0; i < c->p->count; i++)
		if (!(c->done & 1u << i))
			attempt_complain(a, "with[%d]: it did not come to that: %s", i,
					 r->why);
	if (c->ended)
		return;
	snprintf(a->kind, sizeof(a->kind), "%s", kinds[r->kind == VEHICLE_FAST ? 0 : 1]);
	if (end != (enum ends)c->p->ends)
		attempt_complain(a, "%s, %s was expected: %s", ends_names[end],
				 ends_names[c->p->ends], r->why);
	else if (c->p->why && !strstr(r->why, c->p->why))
		attempt_complain(a, "%s because of '%s', not of '%s'", ends_names[end],
				 r->why, c->p->why);
	if (r->opened)
		mailbox_list_judge(&c->p->mailboxes, env->vehicle, a);
}

static int run_attack(const void *params, struct step_env *env, struct err *err)
{
	const struct attack_params *p = params;
	struct course c = { .p = p };
	const struct vehicle_result *r;
	int rc;

	c.command = BUF_ON(c.command_mem);
	c.own = BUF_ON(c.own_mem);
	c.answer = BUF_ON(c.answer_mem);
	vehicle_begin(env->vehicle, p->kind == 0 ? VEHICLE_FAST : VEHICLE_STANDARD,
		      (enum vehicle_action)p->action);
	rc = vehicle_exchange(env->vehicle, p->mailboxes.errands, p->mailboxes.count,
			      p->atomic);
	if (rc)
		return err_set(err, rc,
			       "attack: exchange: the profile has no such "
			       "operation, or one transaction cannot carry it");
	rc = converse(&c, env, err);
	if (rc)
		return rc;
	r = vehicle_result(env->vehicle);
	if (!c.ended && !r->opened && !r->refused)
		return err_set(err, ERR_IO, "%s", r->why);
	attempt_point(env->attempt, "decided", clock_now(env->clock), 0);
	judge(&c, env);
	return env->attempt->complaint[0] ? STEP_STOP : 0;
}

static const char *rehearse_attack(const void *params, struct attempt *a)
{
	const char *why = step_no_phone(a);

	(void)params;
	if (why)
		return why;
	if (attempt_find(a, "decided"))
		return "one transaction an attempt: a second would overwrite the moments "
		       "of the first";
	attempt_point(a, "decided", 0, 0);
	return NULL;
}

const struct step_kind step_attack = {
	.name = "attack",
	.help = "one transaction in which somebody interferes",
	.needs = NEED_READER | NEED_FIELD,
	.params = attack_items,
	.params_size = sizeof(struct attack_params),
	.rehearse = rehearse_attack,
	.bind = bind_attack,
	.run = run_attack,
};
