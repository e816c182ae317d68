#include "suites/steps/stimulus_int.h"

#include "fixtures/proto/tlv.h"
#include "suites/steps/apdu.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/*
 * A stimulus is sent, and its answer held against what the suite expects.
 */
struct step_recording {
	struct kept {
		uint8_t command[APDU_MAX_COMMAND], answer[300];
		size_t command_len, answer_len;
	} of[FORGED_COUNT];
	/* beginnings of the long values of all answers so far */
	struct seen {
		uint16_t tag;
		uint8_t begin[8];
	} * seen;
	size_t seen_count, seen_room;
};

static const struct status {
	const char *name;
	size_t offset; /* in struct profile */
} statuses[] = {
	{ "ok", offsetof(struct profile, sw.ok) },
	{ "refused", offsetof(struct profile, sw.refused) },
	{ "wrong_length", offsetof(struct profile, sw.wrong_length) },
	{ "security", offsetof(struct profile, sw.security) },
	{ "out_of_sequence", offsetof(struct profile, sw.out_of_sequence) },
	{ "wrong_data", offsetof(struct profile, sw.wrong_data) },
	{ "app_not_found", offsetof(struct profile, sw.app_not_found) },
	{ "not_found", offsetof(struct profile, sw.not_found) },
	{ "wrong_p1p2", offsetof(struct profile, sw.wrong_p1p2) },
	{ "wrong_ins", offsetof(struct profile, sw.wrong_ins) },
	{ "wrong_cla", offsetof(struct profile, sw.wrong_cla) },
	{ "suspended", offsetof(struct profile, sw.suspended) },
};
#define STATUS_COUNT (sizeof(statuses) / sizeof(statuses[0]))
/* What another parameter of the profile decides. */
#define OF_UNKNOWN_TAG "unknown_tag"
#define OF_LONGER_AID "longer_aid"
#define MORE "more"

const char *status_names(void)
{
	return "ok, refused, wrong_length, security, out_of_sequence, wrong_data, "
	       "app_not_found, not_found, wrong_p1p2, wrong_ins, wrong_cla, suspended, "
	       "more, unknown_tag, longer_aid";
}

static int match_digits(const char *digits, uint16_t sw)
{
	char text[8];

	if (strlen(digits) != 4 || strspn(digits, "0123456789abcdefABCDEFxX") != 4)
		return -1;
	snprintf(text, sizeof(text), "%04x", sw);
	for (int i = 0; i < 4; i++)
		if (tolower((unsigned char)digits[i]) != 'x' &&
		    tolower((unsigned char)digits[i]) != text[i])
			return 0;
	return 1;
}

int status_match(const char *name, uint16_t sw, const struct profile *p)
{
	for (size_t i = 0; i < STATUS_COUNT; i++)
		if (strcmp(name, statuses[i].name) == 0)
			return p && *(const uint16_t *)((const char *)p +
							statuses[i].offset) == sw;
	if (strcmp(name, MORE) == 0)
		return sw >> 8 == 0x61;
	if (strcmp(name, OF_UNKNOWN_TAG) == 0)
		return p &&
		       sw == (p->unknown_in_command == UNKNOWN_SKIP ? p->sw.ok
								    : p->sw.wrong_data);
	if (strcmp(name, OF_LONGER_AID) == 0)
		return p && sw == (p->aid_match == AID_PREFIX ? p->sw.ok
							      : p->sw.app_not_found);
	return match_digits(name, sw);
}

/* One element of a pattern. @return false: there is no more, or it is none (*bad) */
static bool next_element(const char **at, int *byte, long *times, bool *bad)
{
	char *end;

	*at += strspn(*at, " ");
	if (!**at)
		return false;
	*times = 1;
	if (strncmp(*at, "??", 2) == 0) {
		*byte = -1;
	} else if (isxdigit((unsigned char)(*at)[0]) &&
		   isxdigit((unsigned char)(*at)[1])) {
		const char digits[3] = { (*at)[0], (*at)[1], '\0' };

		*byte = (int)strtol(digits, NULL, 16);
	} else {
		*bad = true;
		return false;
	}
	*at += 2;
	if (**at == '*') {
		if (!isdigit((unsigned char)(*at)[1])) {
			*bad = true;
			return false;
		}
		*times = strtol(*at + 1, &end, 10);
		*bad = *times > 4096;
		*at = end;
	}
	return !*bad;
}

int shape_match(const char *shape, struct bytes data)
{
	struct cursor c = cursor_at(data);
	bool bad = false, same = true;
	long times;
	int byte;

	while (next_element(&shape, &byte, &times, &bad))
		while (times-- > 0) {
			const uint8_t got = cursor_u8(&c);

			same &= byte < 0 || byte == got;
		}
	return bad ? -1 : same && cursor_done(&c);
}

static int kind_of(struct bytes command)
{
	static const uint8_t ins[FORGED_COUNT] = { 0xA4, 0x80, 0x81, 0xC9, 0xC0, 0x3C };

	for (int i = 0; command.len > 1 && i < FORGED_COUNT; i++)
		if (command.data[1] == ins[i])
			return i;
	return -1;
}

static int remember(struct step_recording *r, struct bytes now, struct err *err);

int stimulus_keep(struct step_env *env, struct bytes command, struct bytes answer,
		  struct err *err)
{
	const int kind = kind_of(command);
	struct bytes data;
	struct kept *k;
	uint16_t sw;
	int rc;

	if (!env->recording)
		env->recording = calloc(1, sizeof(*env->recording));
	if (!env->recording)
		return err_set(err, ERR_NOMEM, "keeping a command");
	rc = apdu_answer(answer, &data, &sw) ? 0 : remember(env->recording, data, err);
	if (rc || kind < 0)
		return rc;
	k = &env->recording->of[kind];
	if (command.len > sizeof(k->command) || answer.len > sizeof(k->answer))
		return 0;
	memcpy(k->command, command.data, command.len);
	k->command_len = command.len;
	if (answer.len)
		memcpy(k->answer, answer.data, answer.len);
	k->answer_len = answer.len;
	return 0;
}

static bool was_seen(const struct step_recording *r, const struct seen *one)
{
	for (size_t i = 0; r && i < r->seen_count; i++)
		if (r->seen[i].tag == one->tag &&
		    memcmp(r->seen[i].begin, one->begin, sizeof(one->begin)) == 0)
			return true;
	return false;
}

/* A value's tag and beginning, where it is long enough; a point's first byte tells nothing. */
static bool next_long(struct cursor *c, struct seen *out)
{
	struct tlv t;

	while (tlv_next(c, &t))
		if (t.value.len > sizeof(out->begin)) {
			*out = (struct seen){ .tag = t.tag };
			memcpy(out->begin, t.value.data + 1, sizeof(out->begin));
			return true;
		}
	return false;
}

/* Does a long value of an answer of this case come back? */
static bool repeats(const struct step_recording *r, struct bytes now)
{
	struct cursor c = cursor_at(now);
	struct seen one;

	while (next_long(&c, &one))
		if (was_seen(r, &one))
			return true;
	return false;
}

static int remember(struct step_recording *r, struct bytes now, struct err *err)
{
	struct cursor c = cursor_at(now);
	struct seen one;

	while (next_long(&c, &one)) {
		if (r->seen_count == r->seen_room) {
			const size_t room = 2 * r->seen_room + 16;
			struct seen *more = realloc(r->seen, room * sizeof(*more));

			if (!more)
				return err_set(err, ERR_NOMEM, "keeping an answer");
			r->seen = more;
			r->seen_room = room;
		}
		r->seen[r->seen_count++] = one;
	}
	return 0;
}

void stimulus_forget(struct step_env *env)
{
	if (env->recording)
		free(env->recording->seen);
	free(env->recording);
	env->recording = NULL;
}

int stimulus_build(const struct stimulus *s, struct step_env *env,
		   const struct buf *given, struct buf *command, struct err *err)
{
	int rc = 0;

	buf_clear(command);
	if (s->broken)
		return 0;
	if (s->send.len) {
		buf_add(command, s->send);
	} else if (s->plain.data) {
		rc = vehicle_forge_exchange(env->vehicle, s->plain, (int)s->skip,
					    command);
		if (rc)
			return err_set(err, rc, "plain: there is no open channel for it");
	} else if (s->replay) {
		const struct kept *k =
			env->recording ? &env->recording->of[s->replay - 1] : NULL;

		if (!k || !k->command_len)
			return err_set(err, ERR_RANGE,
				       "replay: no '%s' was sent in this case so far",
				       stimulus_commands[s->replay]);
		buf_add(command, BYTES(k->command, k->command_len));
	} else if (s->command) {
		rc = vehicle_forge(env->vehicle, (enum forged)(s->command - 1), command);
		if (rc)
			return err_set(err, rc, "making the command '%s'",
				       stimulus_commands[s->command]);
	} else {
		buf_add(command, buf_bytes(given));
	}
	return stimulus_alter(s, env->vehicle, command, err);
}

bool stimulus_is_refusal(struct bytes answer, const struct profile *p)
{
	struct bytes data;
	uint16_t sw;

	return !apdu_answer(answer, &data, &sw) && sw != p->sw.ok && sw >> 8 != 0x61 &&
	       data.len == 0;
}

static void judge_status(const struct stimulus *s, struct step_env *env, const char *what,
			 uint16_t sw)
{
	char wanted[120] = "";

	for (int i = 0; i < s->answer_count; i++) {
		if (status_match(s->answers[i], sw, env->profile) > 0)
			return;
		snprintf(wanted + strlen(wanted), sizeof(wanted) - strlen(wanted), "%s%s",
			 i ? " or " : "", s->answers[i]);
	}
	if (s->answer_count)
		attempt_complain(env->attempt, "%s: answered %04X, %s was expected", what,
				 sw, wanted);
}

/* What the data under a channel are in clear. */
static struct bytes in_clear(const struct stimulus *s, struct step_env *env,
			     struct bytes answer, struct bytes data, struct buf *plain)
{
	if (!s->plain.data || stimulus_is_refusal(answer, env->profile))
		return data;
	if (vehicle_read_forged(env->vehicle, answer, plain))
		attempt_complain(env->attempt, "the answer's MAC is wrong");
	return buf_bytes(plain);
}

static void judge(const struct stimulus *s, struct step_env *env, const char *what,
		  struct bytes answer)
{
	uint8_t plain_mem[300];
	struct buf plain = BUF_ON(plain_mem);
	struct bytes data;
	char hex[40];
	uint16_t sw;

	if (apdu_answer(answer, &data, &sw)) {
		attempt_complain(env->attempt, "%s: the answer has no status word", what);
		return;
	}
	judge_status(s, env, what, sw);
	if (data.len && sw != env->profile->sw.ok && sw >> 8 != 0x61)
		attempt_complain(env->attempt, "%s: refused with %04X, and yet %zu bytes",
				 what, sw, data.len);
	if (s->fresh && repeats(env->recording, data))
		attempt_complain(env->attempt,
				 "%s: a value of an earlier answer "
				 "came back",
				 what);
	data = in_clear(s, env, answer, data, &plain);
	if (s->shape && shape_match(s->shape, data) != 1)
		attempt_complain(env->attempt, "%s: %zu bytes %s…, '%.60s' was expected",
				 what, data.len, hex_of(data, hex, sizeof(hex)),
				 s->shape);
}

int stimulus_ask(const struct stimulus *s, struct step_env *env, const char *what,
		 struct bytes command, struct buf *answer, struct err *err)
{
	int64_t floor_ns = 0;
	int rc;

	buf_clear(answer);
	rc = step_apdu(env, what, command, answer, &floor_ns, err);
	if (rc)
		return rc;
	judge(s, env, what, buf_bytes(answer));
	rc = stimulus_keep(env, command, buf_bytes(answer), err);
	if (rc)
		return rc;
	return env->attempt->complaint[0] ? STEP_STOP : 0;
}
