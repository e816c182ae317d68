/* What a program's answers mean to each role. Pure; see exec_wire.h. */
#include "drivers/exec/exec_wire.h"

#include <stdio.h>
#include <string.h>

#define MAX_SLACK_NS (10 * NS_PER_S)
#define MAX_TRAVEL_NS (60 * NS_PER_S)

static bool is(const struct exec_answer *a, const char *word)
{
	return strcmp(a->word, word) == 0;
}

/* What a required field lacks. */
static int missing(const struct exec_answer *a, const char *key, struct err *err)
{
	return err_set(err, ERR_FORMAT, "'%.30s' without %s=", a->word, key);
}

static int short_text(const struct exec_answer *a, const char *key, char *out,
		      size_t size, struct err *err)
{
	const char *text = exec_get(a, key);

	if (!text)
		return 0;
	if (strlen(text) >= size)
		return err_set(err, ERR_RANGE, "%s: more than %zu characters", key,
			       size - 1);
	strcpy(out, text);
	return 1;
}

int exec_take_identity(const struct exec_answer *a, const char *role,
		       struct exec_identity *out, struct err *err)
{
	static const struct {
		const char *role, *keys;
	} more[] = { { "reader", "protocol simulated software frame" },
		     { "card", "protocol simulated software frame" },
		     { "relay",
		       "protocol simulated software channels inputs reads_back" },
		     { "positioner", "protocol simulated software places" },
		     { "sensor", "protocol simulated software" } };
	bool relay = strcmp(role, "relay") == 0;
	const char *keys = "";
	struct exec_identity id = { 0 };
	int64_t protocol = 0;
	int rc = exec_expect_ok(a, err);

	for (size_t i = 0; i < sizeof(more) / sizeof(more[0]); i++)
		if (strcmp(role, more[i].role) == 0)
			keys = more[i].keys;
	if (!rc)
		rc = exec_only(a, keys, err);
	if (rc)
		return rc;
	rc = exec_number(a, "protocol", 1, INT32_MAX, &protocol, err);
	if (rc >= 0 && protocol != EXEC_PROTOCOL)
		return err_set(err, ERR_UNSUPPORTED,
			       "it speaks protocol %lld, keybench speaks %d",
			       (long long)protocol, EXEC_PROTOCOL);
	if (rc >= 0)
		rc = exec_flag(a, "simulated", &id.simulated, err);
	if (rc >= 0)
		rc = short_text(a, "software", id.software, sizeof(id.software), err);
	if (rc >= 0)
		rc = exec_number(a, "frame", 16, 4096, &id.frame, err);
	if (rc >= 0)
		rc = exec_number(a, "channels", 1, 32, &id.channels, err);
	if (rc == 0 && relay)
		rc = missing(a, "channels", err);
	if (rc >= 0)
		rc = exec_number(a, "inputs", 0, 32, &id.inputs, err);
	if (rc >= 0)
		rc = exec_flag(a, "reads_back", &id.reads_back, err);
	if (rc >= 0)
		rc = exec_flag(a, "places", &id.places, err);
	if (rc < 0)
		return rc;
	if (!a->words[0])
		return err_set(err, ERR_FORMAT,
			       "it does not say who it is (words behind a colon)");
	snprintf(id.model, sizeof(id.model), "%.63s", a->words);
	*out = id;
	return 0;
}

/*
 * A moment the program names itself, or ours for it. Its own clock is ours (CLOCK_MONOTONIC_RAW), so it
 * cannot lie outside of the request: one that does would make a latency out of nothing.
 */
static int take_stamp(const struct exec_answer *a, const char *key,
		      const struct exec_window *w, int64_t slack_ns, int64_t ours_ns,
		      int64_t *out, struct err *err)
{
	int64_t at;
	int rc = exec_number(a, key, 1, INT64_MAX, &at, err);

	if (rc <= 0) {
		*out = ours_ns;
		return rc;
	}
	if (at < w->asked_ns - slack_ns || at > w->told_ns + slack_ns)
		return err_set(
			err, ERR_RANGE,
			"%s: the stamp lies %.3f ms outside of its request", key,
			(double)(at < w->asked_ns ? w->asked_ns - at : at - w->told_ns) /
				1e6);
	*out = at;
	return 1;
}

/* One or two stamps; @second may be NULL. All are the program's, with their slack, or all ours. */
static int take_stamps(const struct exec_answer *a, const struct exec_window *w,
		       const char *first, int64_t *first_ns, const char *second,
		       int64_t *second_ns, int64_t *slack_ns, struct err *err)
{
	int64_t slack = 0, last = w->told_ns;
	int has_slack = exec_number(a, "slack", 0, MAX_SLACK_NS, &slack, err), one, two;

	if (has_slack < 0)
		return has_slack;
	one = take_stamp(a, first, w, slack, second ? w->asked_ns : w->told_ns, first_ns,
			 err);
	if (one < 0)
		return one;
	two = second ? take_stamp(a, second, w, slack, w->told_ns, &last, err) : one;
	if (two < 0)
		return two;
	if (one != two || one != has_slack)
		return err_set(err, ERR_FORMAT,
			       "stamps come together: %s=%s%s%s and slack=, or none",
			       first, second ? ", " : "", second ? second : "",
			       second ? "=" : "");
	if (second && last < *first_ns)
		return err_set(err, ERR_RANGE, "%s lies before %s", second, first);
	if (second)
		*second_ns = last;
	*slack_ns = one ? slack : w->slack_ns;
	return 0;
}

static int fixed_hex(const struct exec_answer *a, const char *key, uint8_t *out,
		     size_t min, size_t max, uint8_t *len, struct err *err)
{
	const char *text = exec_get(a, key);
	int n = text ? hex_parse(text, out, max) : 0;

	if (!text && min > 0)
		return missing(a, key, err);
	if (n < 0 || (size_t)n < min)
		return err_set(err, ERR_FORMAT, "%s: %zu to %zu bytes in hex are needed",
			       key, min, max);
	if (len)
		*len = (uint8_t)n;
	return 0;
}

int exec_take_activation(const struct exec_answer *a, const struct exec_window *w,
			 struct reader_activation *out, struct err *err)
{
	struct reader_activation r = { .timeout_ns = out->timeout_ns };
	bool found = !is(a, "no-card");
	int rc = found ? exec_expect_ok(a, err) : 0;

	if (!rc)
		rc = exec_only(a, found ? "uid atqa sak ats started activated slack" : "",
			       err);
	if (!rc)
		rc = take_stamps(a, w, "started", &r.started_ns, "activated",
				 &r.activated_ns, &r.slack_ns, err);
	r.result = found ? READER_OK : READER_NO_CARD;
	if (!rc && found)
		rc = fixed_hex(a, "uid", r.card.uid, 4, sizeof(r.card.uid),
			       &r.card.uid_len, err);
	if (!rc && found && r.card.uid_len != 4 && r.card.uid_len != 7 &&
	    r.card.uid_len != 10)
		rc = err_set(err, ERR_FORMAT, "uid: 4, 7 or 10 bytes are needed");
	if (!rc && found)
		rc = fixed_hex(a, "atqa", r.card.atqa, 2, 2, NULL, err);
	if (!rc && found)
		rc = fixed_hex(a, "sak", &r.card.sak, 1, 1, NULL, err);
	if (!rc && found)
		rc = fixed_hex(a, "ats", r.card.ats, 0, sizeof(r.card.ats),
			       &r.card.ats_len, err);
	if (!rc)
		*out = r;
	return rc;
}

static void take_note(char note[80], const struct exec_answer *a)
{
	snprintf(note, 80, "%.79s", a->words[0] ? a->words : a->word);
}

static int required_data(const struct exec_answer *a, struct buf *out, struct err *err)
{
	int rc = exec_data(a, "data", out, err);

	return rc < 0 ? rc : rc == 0 ? missing(a, "data", err) : 0;
}

int exec_take_exchange(const struct exec_answer *a, const struct exec_window *w,
		       struct reader_exchange *out, struct err *err)
{
	static const struct {
		const char *word;
		enum reader_result result;
	} ends[] = { { "no-answer", READER_NO_ANSWER },
		     { "rf-error", READER_RF_ERROR },
		     { "released", READER_RELEASED } };
	enum reader_result result = READER_OK;
	int rc = 0;

	for (size_t i = 0; i < sizeof(ends) / sizeof(ends[0]); i++)
		if (is(a, ends[i].word))
			result = ends[i].result;
	if (result == READER_OK)
		rc = exec_expect_ok(a, err);
	if (!rc)
		rc = exec_only(a,
			       result == READER_OK ? "data sent answered slack"
						   : "sent answered slack",
			       err);
	if (!rc)
		rc = take_stamps(a, w, "sent", &out->sent_ns, "answered",
				 &out->answered_ns, &out->slack_ns, err);
	if (!rc && result == READER_OK)
		rc = required_data(a, out->answer, err);
	if (rc)
		return rc;
	out->result = result;
	if (result != READER_OK)
		take_note(out->note, a);
	return 0;
}

int exec_take_listen(const struct exec_answer *a, const struct exec_window *w,
		     struct card_listen *out, struct err *err)
{
	bool nobody = is(a, "no-reader");
	int rc = nobody ? 0 : exec_expect_ok(a, err);

	if (!rc)
		rc = exec_only(a, nobody ? "" : "activated slack", err);
	if (!rc)
		rc = take_stamps(a, w, "activated", &out->activated_ns, NULL, NULL,
				 &out->slack_ns, err);
	if (!rc)
		out->result = nobody ? CARD_NO_READER : CARD_OK;
	return rc;
}

/* How a card's session goes on: CARD_OK needs the word "ok". */
static int session_result(const struct exec_answer *a, enum card_result *out,
			  struct err *err)
{
	static const struct {
		const char *word;
		enum card_result result;
	} ends[] = { { "no-command", CARD_NO_COMMAND },
		     { "released", CARD_RELEASED },
		     { "rf-error", CARD_RF_ERROR } };

	for (size_t i = 0; i < sizeof(ends) / sizeof(ends[0]); i++)
		if (is(a, ends[i].word)) {
			*out = ends[i].result;
			return 0;
		}
	*out = CARD_OK;
	return exec_expect_ok(a, err);
}

int exec_take_receive(const struct exec_answer *a, const struct exec_window *w,
		      struct card_receive *out, struct err *err)
{
	enum card_result result;
	int rc = session_result(a, &result, err);

	if (!rc)
		rc = exec_only(
			a, result == CARD_OK ? "data received slack" : "received slack",
			err);
	if (!rc)
		rc = take_stamps(a, w, "received", &out->received_ns, NULL, NULL,
				 &out->slack_ns, err);
	if (!rc && result == CARD_OK)
		rc = required_data(a, out->command, err);
	if (rc)
		return rc;
	out->result = result;
	if (result != CARD_OK)
		take_note(out->note, a);
	return 0;
}

int exec_take_answered(const struct exec_answer *a, const struct exec_window *w,
		       struct card_answer *out, struct err *err)
{
	enum card_result result;
	int rc = session_result(a, &result, err);

	if (!rc && result == CARD_NO_COMMAND)
		rc = err_set(err, ERR_FORMAT, "'no-command' is no answer to this");
	if (!rc)
		rc = exec_only(a, "answered slack", err);
	if (!rc)
		rc = take_stamps(a, w, "answered", &out->answered_ns, NULL, NULL,
				 &out->slack_ns, err);
	if (rc)
		return rc;
	out->result = result;
	if (result != CARD_OK)
		take_note(out->note, a);
	return 0;
}

int exec_take_release(const struct exec_answer *a, const struct exec_window *w,
		      struct card_release *out, struct err *err)
{
	enum card_result result;
	int rc = session_result(a, &result, err);

	if (!rc && result == CARD_RF_ERROR)
		rc = err_set(err, ERR_FORMAT, "'rf-error' is no answer to this");
	if (!rc)
		rc = exec_only(a, "released slack", err);
	if (!rc)
		rc = take_stamps(a, w, "released", &out->released_ns, NULL, NULL,
				 &out->slack_ns, err);
	if (!rc)
		out->result = result;
	return rc;
}

int exec_take_state(const struct exec_answer *a, int channels, uint32_t *out,
		    struct err *err)
{
	uint32_t state = 0;
	const char *on;
	int rc = exec_expect_ok(a, err);

	if (!rc)
		rc = exec_only(a, "on", err);
	if (rc)
		return rc;
	on = exec_get(a, "on");
	if (!on)
		return missing(a, "on", err);
	if (strcmp(on, "none") == 0)
		on = "";
	while (*on) {
		unsigned channel = 0;
		int used = 0;

		if (sscanf(on, "%2u%n", &channel, &used) != 1 || channel < 1 ||
		    channel > (unsigned)channels || (on[used] && on[used] != ',') ||
		    (on[used] == ',' && !on[used + 1]))
			return err_set(err, ERR_FORMAT,
				       "on: '%.40s'; allowed: none, or channels 1 to %d "
				       "with commas between them",
				       exec_get(a, "on"), channels);
		state |= UINT32_C(1) << (channel - 1);
		on += used + (on[used] == ',');
	}
	*out = state;
	return 0;
}

static int required_flag(const struct exec_answer *a, bool *on, struct err *err)
{
	int rc = exec_flag(a, "on", on, err);

	return rc < 0 ? rc : rc == 0 ? missing(a, "on", err) : 0;
}

int exec_take_input(const struct exec_answer *a, bool *on, struct err *err)
{
	int rc = exec_expect_ok(a, err);

	if (!rc)
		rc = exec_only(a, "on", err);
	return rc ? rc : required_flag(a, on, err);
}

/* It looked some time in the request; one that stamps it says more exactly when, and cannot have looked outside of it. */
int exec_take_look(const struct exec_answer *a, const struct exec_window *w,
		   struct sensor_sample *out, struct err *err)
{
	struct sensor_sample s = { .asked_ns = w->asked_ns, .answered_ns = w->told_ns };
	int64_t seen, slack;
	int rc = exec_expect_ok(a, err);

	if (!rc)
		rc = exec_only(a, "on seen slack", err);
	if (!rc)
		rc = take_stamps(a, w, "seen", &seen, NULL, NULL, &slack, err);
	if (!rc)
		rc = required_flag(a, &s.on, err);
	if (rc)
		return rc;
	if (exec_get(a, "seen") && seen - slack > s.asked_ns)
		s.asked_ns = seen - slack;
	if (exec_get(a, "seen") && seen + slack < s.answered_ns)
		s.answered_ns = seen + slack;
	*out = s;
	return 0;
}

int exec_take_move(const struct exec_answer *a, const struct exec_window *w,
		   int64_t *commanded_ns, int64_t *travel_ns, int64_t *slack_ns,
		   struct err *err)
{
	int rc = exec_expect_ok(a, err);

	if (!rc)
		rc = exec_only(a, "travel commanded slack", err);
	if (!rc)
		rc = take_stamps(a, w, "commanded", commanded_ns, NULL, NULL, slack_ns,
				 err);
	if (!rc)
		rc = exec_number(a, "travel", 0, MAX_TRAVEL_NS, travel_ns, err);
	if (rc < 0)
		return rc;
	return rc ? 0 : missing(a, "travel", err);
}
