#include "drivers/reader.h"
#include "suites/steps/apdu.h"
#include "suites/steps/steps.h"
#include "suites/steps/stimulus.h"

/*
 * One command to the phone, whatever it may be, and how it must be answered.
 */
static const struct conf_item apdu_items[] = {
	STIMULUS_ITEMS,
	{ 0 },
};

static int bind_apdu(void *params, struct err *err)
{
	struct stimulus *s = params;
	const int said = (s->command != 0) + (s->replay != 0) + (s->send.len != 0);

	if (said != 1)
		return node_error(s->alter_at, err,
				  "one of command, replay and send says what is "
				  "sent");
	return stimulus_bind(s, err);
}

static int run_apdu(const void *params, struct step_env *env, struct err *err)
{
	uint8_t command_mem[READER_MAX_COMMAND], answer_mem[300];
	struct buf command = BUF_ON(command_mem), answer = BUF_ON(answer_mem);
	int rc = stimulus_build(params, env, NULL, &command, err);

	return rc ? rc
		  : stimulus_ask(params, env, "apdu", buf_bytes(&command), &answer, err);
}

static const char *rehearse_apdu(const void *params, struct attempt *a)
{
	const char *why = step_no_phone(a);

	(void)params;
	if (why)
		return why;
	step_rehearse_apdu(a, "apdu");
	return NULL;
}

const struct step_kind step_ask = {
	.name = "apdu",
	.help = "one command, good or not, and how it must be answered",
	.needs = NEED_READER | NEED_FIELD,
	.params = apdu_items,
	.params_size = sizeof(struct stimulus),
	.rehearse = rehearse_apdu,
	.bind = bind_apdu,
	.run = run_apdu,
};
