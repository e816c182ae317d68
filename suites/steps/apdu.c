#include "suites/steps/apdu.h"

#include "bench/core/wire/airtime.h"
#include "drivers/reader.h"

#include <stdio.h>

static void stamp(struct step_env *env, const char *name, const struct reader_exchange *x)
{
	char point[40];

	snprintf(point, sizeof(point), "%s.sent", name);
	attempt_point(env->attempt, point, x->sent_ns, x->slack_ns);
	snprintf(point, sizeof(point), "%s.answered", name);
	attempt_point(env->attempt, point, x->answered_ns, x->slack_ns);
}

int step_apdu(struct step_env *env, const char *name, struct bytes command,
	      struct buf *answer, int64_t *floor_ns, struct err *err)
{
	struct reader_exchange x = {
		.command = command,
		.answer = answer,
		.timeout_ns = env->exchange_timeout_ns,
	};
	int rc = reader_exchange(env->reader, &x, err);

	if (rc) {
		env->failed |= NEED_READER;
		return err_wrap(err, rc, "%s", name);
	}
	if (x.result != READER_OK) {
		attempt_end(env->attempt, OUTCOME_RF_ERROR, "%s: %s%s%s", name,
			    reader_result_name(x.result), x.note[0] ? ": " : "", x.note);
		env->activated = false;
		return STEP_STOP;
	}
	stamp(env, name, &x);
	*floor_ns +=
		airtime_apdu_floor_ns(command.len, answer->len, (size_t)env->reader_fsd,
				      (size_t)env->card_fsc, 0);
	return 0;
}

void step_rehearse_apdu(struct attempt *a, const char *name)
{
	char point[40];

	snprintf(point, sizeof(point), "%s.sent", name);
	attempt_point(a, point, 0, 0);
	snprintf(point, sizeof(point), "%s.answered", name);
	attempt_point(a, point, 0, 0);
}

const char *step_no_phone(const struct attempt *a)
{
	if (!attempt_find(a, "activated"))
		return "no phone is selected: 'select' must stand before it";
	if (attempt_find(a, "retreat"))
		return "the phone is away again: 'retreat' stands before it";
	return NULL;
}
