#include "results/record.h"

#include "results/journal.h"
#include "results/text.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Far beyond any run (31 years), near enough to 0 that no difference of two overflows. */
#define PLACE_MAX_UM 100000000
#define MAX_NS INT64_C(1000000000000000000)

/*
 * Struct to JSON. Texts may come from a device or be cut in the middle of a character, and JSON is UTF-8:
 * each byte that is not becomes '?'.
 */

static json_t *text_json(const char *text)
{
	char *copy;
	json_t *json;

	if (!text)
		return json_null();
	copy = strndup(text, RECORD_MAX_TEXT);
	if (!copy)
		return NULL;
	if (strlen(text) > RECORD_MAX_TEXT)
		text_trim(copy);
	text_mend(copy);
	json = json_string(copy);
	free(copy);
	return json;
}

static json_t *texts_json(const char *const *texts, int count)
{
	json_t *array = json_array();

	for (int i = 0; array && i < count; i++) {
		if (json_array_append_new(array, text_json(texts[i]))) {
			json_decref(array);
			return NULL;
		}
	}
	return array;
}

/* Any member that could not be made makes the whole NULL. */
static json_t *whole(json_t *object, size_t members)
{
	if (object && json_object_size(object) != members) {
		json_decref(object);
		return NULL;
	}
	return object;
}

static json_t *typed(const char *type)
{
	json_t *o = json_object();

	json_object_set_new(o, "type", json_string(type));
	return o;
}

static json_t *number(int64_t n)
{
	return json_integer((json_int_t)n);
}

json_t *record_run_json(const struct record_run *r)
{
	json_t *o = typed("run");
	char seed[24];

	/* as text: 64 bits do not survive readers that take every number for a double */
	snprintf(seed, sizeof(seed), "%" PRIu64, r->seed);
	json_object_set_new(o, "format", json_integer(JOURNAL_FORMAT));
	json_object_set_new(o, "name", text_json(r->name));
	json_object_set_new(o, "version", text_json(r->version));
	json_object_set_new(o, "host", text_json(r->host));
	json_object_set_new(o, "simulated", json_boolean(r->simulated));
	json_object_set_new(o, "rig", text_json(r->rig));
	json_object_set_new(o, "target", text_json(r->target));
	json_object_set_new(o, "protocol", text_json(r->protocol));
	json_object_set_new(o, "phone", text_json(r->phone));
	json_object_set_new(o, "devices", texts_json(r->devices, r->device_count));
	json_object_set_new(o, "wall_start_ns", number(r->wall_start_ns));
	json_object_set_new(o, "origin_ns", number(r->origin_ns));
	json_object_set_new(o, "seed", json_string(seed));
	json_object_set_new(o, "u_ns", number(r->u_ns));
	json_object_set_new(o, "confidence", json_real(r->confidence));
	return whole(o, 16);
}

json_t *record_case_json(const struct record_case *c)
{
	json_t *o = typed("case");

	json_object_set_new(o, "suite", text_json(c->suite));
	json_object_set_new(o, "id", text_json(c->id));
	json_object_set_new(o, "title", text_json(c->title));
	json_object_set_new(o, "requirements",
			    texts_json(c->requirements, c->requirement_count));
	json_object_set_new(o, "claims", texts_json(c->claims, c->claim_count));
	json_object_set_new(o, "trials", json_integer(c->trials));
	json_object_set_new(o, "warmup", json_integer(c->warmup));
	json_object_set_new(o, "skip", text_json(c->skip));
	if (c->series) {
		json_object_set_new(o, "series", text_json(c->series));
		json_object_set_new(o, "at", text_json(c->level));
	}
	if (c->explore)
		json_object_set_new(o, "explore", json_true());
	return whole(o, 9 + (c->series ? 2 : 0) + c->explore);
}

static json_t *points_json(const struct attempt *a, int64_t origin_ns)
{
	json_t *o = json_object();

	for (int i = 0; i < a->point_count; i++) {
		const struct attempt_point *p = &a->points[i];
		json_t *pair = json_array();

		if (json_array_append_new(pair, number(p->at_ns - origin_ns)) ||
		    json_array_append_new(pair, number(p->slack_ns))) {
			json_decref(pair);
			continue; /* one too few: whole() sees it */
		}
		json_object_set_new(o, p->name, pair);
	}
	return whole(o, (size_t)a->point_count);
}

static json_t *values_json(const struct attempt *a)
{
	json_t *o = json_object();

	for (int i = 0; i < a->value_count; i++)
		json_object_set_new(o, a->values[i].name, number(a->values[i].ns));
	return whole(o, (size_t)a->value_count);
}

static json_t *notes_json(const struct attempt *a)
{
	json_t *o = json_object();

	for (int i = 0; i < a->note_count; i++)
		json_object_set_new(o, a->notes[i].name, text_json(a->notes[i].text));
	return whole(o, (size_t)a->note_count);
}

static json_t *place_json(const int64_t um[3])
{
	return json_pack("[I, I, I]", (json_int_t)um[0], (json_int_t)um[1],
			 (json_int_t)um[2]);
}

json_t *record_attempt_json(const struct record_attempt *a)
{
	json_t *o = typed("attempt");
	enum outcome outcome =
		a->result->overflow ? OUTCOME_BENCH_ERROR : a->result->outcome;

	json_object_set_new(o, "suite", text_json(a->suite));
	json_object_set_new(o, "case", text_json(a->case_id));
	json_object_set_new(o, "trial", json_integer(a->trial));
	json_object_set_new(o, "attempt", json_integer(a->attempt));
	json_object_set_new(o, "warmup", json_boolean(a->warmup));
	json_object_set_new(o, "cut", json_boolean(a->cut));
	json_object_set_new(o, "started_ns", number(a->started_ns));
	json_object_set_new(o, "ended_ns", number(a->ended_ns));
	json_object_set_new(o, "outcome", json_string(outcome_name(outcome)));
	json_object_set_new(o, "kind", text_json(a->result->kind));
	json_object_set_new(o, "detail", text_json(a->result->detail));
	json_object_set_new(o, "complaint", text_json(a->result->complaint));
	json_object_set_new(o, "overflow", json_boolean(a->result->overflow));
	json_object_set_new(o, "points", points_json(a->result, a->origin_ns));
	json_object_set_new(o, "values", values_json(a->result));
	if (a->result->placed)
		json_object_set_new(o, "place_um", place_json(a->result->place_um));
	if (a->result->timed)
		json_object_set_new(o, "timed", json_true());
	if (a->result->note_count)
		json_object_set_new(o, "notes", notes_json(a->result));
	return whole(o, 16 + a->result->placed + a->result->timed +
				(a->result->note_count > 0));
}

json_t *record_recovery_json(const struct record_recovery *r)
{
	json_t *o = typed("recovery");

	json_object_set_new(o, "device", text_json(r->device));
	json_object_set_new(o, "rung", text_json(r->rung));
	json_object_set_new(o, "why", text_json(r->why));
	json_object_set_new(o, "at_ns", number(r->at_ns));
	json_object_set_new(o, "took_ns", number(r->took_ns));
	json_object_set_new(o, "proved", json_boolean(r->proved));
	return whole(o, 7);
}

json_t *record_note_json(const char *text)
{
	json_t *o = typed("note");

	json_object_set_new(o, "text", text_json(text));
	return whole(o, 2);
}

json_t *record_resume_json(const struct record_resume *r)
{
	json_t *o = typed("resume");
	char seed[24];

	snprintf(seed, sizeof(seed), "%" PRIu64, r->seed);
	json_object_set_new(o, "version", text_json(r->version));
	json_object_set_new(o, "at_ns", number(r->at_ns));
	json_object_set_new(o, "wall_ns", number(r->wall_ns));
	json_object_set_new(o, "origin_ns", number(r->origin_ns));
	json_object_set_new(o, "seed", json_string(seed));
	json_object_set_new(o, "torn", text_json(r->torn));
	json_object_set_new(o, "suite", text_json(r->suite));
	json_object_set_new(o, "case", text_json(r->case_id));
	json_object_set_new(o, "skip", text_json(r->skip));
	return whole(o, 10);
}

json_t *record_end_json(const struct record_end *e)
{
	json_t *o = typed("end");

	json_object_set_new(o, "ended", text_json(e->ended));
	json_object_set_new(o, "why", text_json(e->why));
	json_object_set_new(o, "wall_end_ns", number(e->wall_end_ns));
	return whole(o, 4);
}

/*
 * JSON back to structs: the fields of one line are taken one by one; the first that is missing or wrong is
 * kept in .err and what follows is not looked at.
 */
struct fields {
	const json_t *line;
	struct err *err;
	int rc;
};

static void wrong(struct fields *f, const char *key, const char *what)
{
	if (!f->rc)
		f->rc = err_set(f->err, ERR_FORMAT, "\"%.40s\" must be %s", key, what);
}

static void check_length(struct fields *f, const char *key, const char *text)
{
	if (text && strlen(text) > RECORD_MAX_TEXT)
		wrong(f, key, "shorter");
}

static void take_text(struct fields *f, const char *key, const char **out)
{
	*out = json_string_value(json_object_get(f->line, key));
	if (!*out)
		wrong(f, key, "a text");
	check_length(f, key, *out);
}

/* NULL when it is null. */
static void take_optional_text(struct fields *f, const char *key, const char **out)
{
	const json_t *value = json_object_get(f->line, key);

	*out = json_string_value(value);
	if (!*out && !json_is_null(value))
		wrong(f, key, "a text or null");
	check_length(f, key, *out);
}

static void copy_text(struct fields *f, const char *key, char *out, size_t size)
{
	const char *text;

	take_text(f, key, &text);
	if (f->rc)
		return;
	if (strlen(text) >= size)
		wrong(f, key, "shorter");
	else
		memcpy(out, text, strlen(text) + 1);
}

static int take_texts(struct fields *f, const char *key, const char **out, size_t max)
{
	const json_t *array = json_object_get(f->line, key);
	size_t count = json_array_size(array);

	if (!json_is_array(array) || count > max) {
		wrong(f, key, "a list of texts, not too long");
		return 0;
	}
	for (size_t i = 0; i < count; i++) {
		out[i] = json_string_value(json_array_get(array, i));
		if (!out[i])
			wrong(f, key, "a list of texts");
		check_length(f, key, out[i]);
	}
	return (int)count;
}

static int64_t integer_of(struct fields *f, const char *key, const json_t *value,
			  int64_t min, int64_t max)
{
	json_int_t n = json_integer_value(value);

	if (json_is_integer(value) && n >= min && n <= max)
		return n;
	if (!f->rc)
		f->rc = err_set(f->err, ERR_FORMAT,
				"\"%.40s\" must be a whole number from %" PRId64
				" to %" PRId64,
				key, min, max);
	return 0;
}

static int64_t take_integer(struct fields *f, const char *key, int64_t min, int64_t max)
{
	return integer_of(f, key, json_object_get(f->line, key), min, max);
}

/* Of a line that an earlier keybench wrote without it: 0. */
static int64_t take_later_integer(struct fields *f, const char *key, int64_t min,
				  int64_t max)
{
	return json_object_get(f->line, key) ? take_integer(f, key, min, max) : 0;
}

static bool take_bool(struct fields *f, const char *key)
{
	const json_t *value = json_object_get(f->line, key);

	if (!json_is_boolean(value))
		wrong(f, key, "true or false");
	return json_is_true(value);
}

static bool take_later_bool(struct fields *f, const char *key)
{
	return json_object_get(f->line, key) && take_bool(f, key);
}

/* First of all: in another format nothing else need be as it is here. */
static void take_format(struct fields *f)
{
	int64_t format = take_integer(f, "format", 0, INT64_MAX);

	if (!f->rc && format != JOURNAL_FORMAT)
		f->rc = err_set(f->err, ERR_FORMAT,
				"the journal is of \"format\" %" PRId64
				", this program reads format %d: a %s keybench wrote it",
				format, JOURNAL_FORMAT,
				format > JOURNAL_FORMAT ? "newer" : "much older");
}

static uint64_t take_seed(struct fields *f)
{
	const char *text, *p;
	uint64_t seed = 0;

	take_text(f, "seed", &text);
	if (f->rc)
		return 0;
	for (p = text; *p >= '0' && *p <= '9'; p++) {
		uint64_t digit = (uint64_t)(*p - '0');

		if (seed > (UINT64_MAX - digit) / 10)
			break;
		seed = seed * 10 + digit;
	}
	if (*p || p == text)
		wrong(f, "seed", "the digits of a whole number of 64 bits");
	return seed;
}

int record_run_parse(struct record_run *out, const json_t *line, struct err *err)
{
	struct fields f = { line, err, 0 };
	struct record_run r = { 0 };
	const json_t *confidence = json_object_get(line, "confidence");

	take_format(&f);
	take_text(&f, "name", &r.name);
	take_text(&f, "version", &r.version);
	take_optional_text(&f, "host", &r.host);
	r.simulated = take_bool(&f, "simulated");
	take_optional_text(&f, "rig", &r.rig);
	take_optional_text(&f, "target", &r.target);
	take_optional_text(&f, "protocol", &r.protocol);
	take_optional_text(&f, "phone", &r.phone);
	r.device_count = take_texts(&f, "devices", r.devices, RECORD_MAX_DEVICES);
	r.wall_start_ns = take_integer(&f, "wall_start_ns", 0, INT64_MAX);
	r.origin_ns = take_later_integer(&f, "origin_ns", 0, INT64_MAX);
	r.seed = take_seed(&f);
	r.u_ns = take_integer(&f, "u_ns", 0, MAX_NS);
	r.confidence = json_number_value(confidence);
	if (!json_is_number(confidence) || !(r.confidence >= 0.5 && r.confidence < 1))
		wrong(&f, "confidence", "a number from 0.5 to below 1");
	if (!f.rc)
		*out = r;
	return f.rc;
}

int record_case_parse(struct record_case *out, const json_t *line, struct err *err)
{
	struct fields f = { line, err, 0 };
	struct record_case c = { 0 };

	take_text(&f, "suite", &c.suite);
	take_text(&f, "id", &c.id);
	take_optional_text(&f, "title", &c.title);
	c.requirement_count =
		take_texts(&f, "requirements", c.requirements, RECORD_MAX_REQUIREMENTS);
	c.claim_count = take_texts(&f, "claims", c.claims, RECORD_MAX_CLAIMS);
	c.trials = (int)take_integer(&f, "trials", 0, RECORD_MAX_TRIALS);
	c.warmup = (int)take_integer(&f, "warmup", 0, RECORD_MAX_TRIALS);
	take_optional_text(&f, "skip", &c.skip);
	if (json_object_get(line, "series")) {
		take_text(&f, "series", &c.series);
		take_text(&f, "at", &c.level);
	}
	c.explore = take_later_bool(&f, "explore");
	if (!f.rc)
		*out = c;
	return f.rc;
}

static bool name_fits(struct fields *f, const char *key, const char *name, size_t size)
{
	if (strlen(name) > 0 && strlen(name) < size)
		return true;
	wrong(f, key, "named by 1 to 27 bytes each");
	return false;
}

static void take_points(struct fields *f, struct attempt *a)
{
	json_t *points = json_object_get(f->line, "points"), *pair;
	const char *name;

	if (!json_is_object(points) || json_object_size(points) > ATTEMPT_MAX_POINTS) {
		wrong(f, "points", "an object of at most 48 points");
		return;
	}
	json_object_foreach(points, name, pair)
	{
		struct attempt_point *p = &a->points[a->point_count];

		if (!name_fits(f, "points", name, sizeof(p->name)))
			return;
		if (json_array_size(pair) != 2) {
			wrong(f, name, "a pair: at, slack");
			return;
		}
		strcpy(p->name, name);
		p->at_ns = integer_of(f, name, json_array_get(pair, 0), -MAX_NS, MAX_NS);
		p->slack_ns = integer_of(f, name, json_array_get(pair, 1), 0, MAX_NS);
		a->point_count++;
	}
}

static void take_values(struct fields *f, struct attempt *a)
{
	json_t *values = json_object_get(f->line, "values"), *value;
	const char *name;

	if (!json_is_object(values) || json_object_size(values) > ATTEMPT_MAX_VALUES) {
		wrong(f, "values", "an object of at most 8 values");
		return;
	}
	json_object_foreach(values, name, value)
	{
		struct attempt_value *v = &a->values[a->value_count];

		if (!name_fits(f, "values", name, sizeof(v->name)))
			return;
		strcpy(v->name, name);
		v->ns = integer_of(f, name, value, 0, MAX_NS);
		a->value_count++;
	}
}

/* Not in every record: only where the target said something of itself. */
static void take_notes(struct fields *f, struct attempt *a)
{
	json_t *notes = json_object_get(f->line, "notes"), *text;
	const char *name;

	if (!notes)
		return;
	if (!json_is_object(notes) || json_object_size(notes) > ATTEMPT_MAX_NOTES) {
		wrong(f, "notes", "an object of at most 8 texts");
		return;
	}
	json_object_foreach(notes, name, text)
	{
		struct attempt_note *n = &a->notes[a->note_count];

		if (!name_fits(f, "notes", name, sizeof(n->name)))
			return;
		if (!json_is_string(text) ||
		    json_string_length(text) >= sizeof(n->text) ||
		    strlen(json_string_value(text)) != json_string_length(text)) {
			wrong(f, name, "a text of at most 127 bytes");
			return;
		}
		strcpy(n->name, name);
		strcpy(n->text, json_string_value(text));
		a->note_count++;
	}
}

/* Not in every record: only where a step asked for a place. */
static void take_place(struct fields *f, struct attempt *a)
{
	json_t *place = json_object_get(f->line, "place_um");

	if (!place)
		return;
	if (!json_is_array(place) || json_array_size(place) != 3) {
		wrong(f, "place_um", "three numbers");
		return;
	}
	a->placed = true;
	for (size_t i = 0; i < 3; i++)
		a->place_um[i] = integer_of(f, "place_um", json_array_get(place, i),
					    -PLACE_MAX_UM, PLACE_MAX_UM);
}

static void take_outcome(struct fields *f, struct attempt *a)
{
	const char *name;
	int outcome;

	take_text(f, "outcome", &name);
	if (f->rc)
		return;
	outcome = outcome_parse(name);
	if (outcome < 0)
		wrong(f, "outcome", "DONE, REFUSED, RF_ERROR, NO_TAP or BENCH_ERROR");
	else
		a->outcome = (enum outcome)outcome;
}

int record_attempt_parse(struct record_attempt *out, struct attempt *result,
			 const json_t *line, struct err *err)
{
	struct fields f = { line, err, 0 };
	struct record_attempt r = { .result = result };

	attempt_init(result);
	take_text(&f, "suite", &r.suite);
	take_text(&f, "case", &r.case_id);
	r.trial = (int)take_integer(&f, "trial", 0, RECORD_MAX_TRIALS);
	r.attempt = (int)take_integer(&f, "attempt", 0, RECORD_MAX_TRIALS);
	r.warmup = take_bool(&f, "warmup");
	r.cut = take_later_bool(&f, "cut");
	r.started_ns = take_integer(&f, "started_ns", -MAX_NS, MAX_NS);
	r.ended_ns = take_integer(&f, "ended_ns", -MAX_NS, MAX_NS);
	take_outcome(&f, result);
	copy_text(&f, "kind", result->kind, sizeof(result->kind));
	copy_text(&f, "detail", result->detail, sizeof(result->detail));
	copy_text(&f, "complaint", result->complaint, sizeof(result->complaint));
	result->timed = take_later_bool(&f, "timed");
	result->overflow = take_bool(&f, "overflow");
	if (result->overflow)
		result->outcome = OUTCOME_BENCH_ERROR;
	take_points(&f, result);
	take_values(&f, result);
	take_notes(&f, result);
	take_place(&f, result);
	if (!f.rc)
		*out = r;
	return f.rc;
}

int record_note_parse(const char **text, const json_t *line, struct err *err)
{
	struct fields f = { line, err, 0 };

	take_text(&f, "text", text);
	return f.rc;
}

int record_recovery_parse(struct record_recovery *out, const json_t *line,
			  struct err *err)
{
	struct fields f = { line, err, 0 };
	struct record_recovery r = { 0 };

	take_text(&f, "device", &r.device);
	take_text(&f, "rung", &r.rung);
	take_optional_text(&f, "why", &r.why);
	r.at_ns = take_integer(&f, "at_ns", -MAX_NS, MAX_NS);
	r.took_ns = take_integer(&f, "took_ns", 0, MAX_NS);
	r.proved = take_bool(&f, "proved");
	if (!f.rc)
		*out = r;
	return f.rc;
}

int record_resume_parse(struct record_resume *out, const json_t *line, struct err *err)
{
	struct fields f = { line, err, 0 };
	struct record_resume r = { 0 };

	take_text(&f, "version", &r.version);
	r.at_ns = take_integer(&f, "at_ns", 0, MAX_NS);
	r.wall_ns = take_integer(&f, "wall_ns", 0, INT64_MAX);
	r.origin_ns = take_integer(&f, "origin_ns", -MAX_NS, INT64_MAX);
	r.seed = take_seed(&f);
	take_optional_text(&f, "torn", &r.torn);
	take_optional_text(&f, "suite", &r.suite);
	take_optional_text(&f, "case", &r.case_id);
	take_optional_text(&f, "skip", &r.skip);
	if (!f.rc && (!r.suite != !r.case_id || (r.skip && !r.case_id)))
		wrong(&f, "case", "there together with \"suite\", and with \"skip\"");
	if (!f.rc)
		*out = r;
	return f.rc;
}

int record_end_parse(struct record_end *out, const json_t *line, struct err *err)
{
	struct fields f = { line, err, 0 };
	struct record_end e = { 0 };

	take_text(&f, "ended", &e.ended);
	if (!f.rc && strcmp(e.ended, "complete") && strcmp(e.ended, "interrupted") &&
	    strcmp(e.ended, "drained"))
		wrong(&f, "ended", "complete, interrupted or drained");
	take_optional_text(&f, "why", &e.why);
	e.wall_end_ns = take_integer(&f, "wall_end_ns", 0, INT64_MAX);
	if (!f.rc)
		*out = e;
	return f.rc;
}
