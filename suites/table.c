#include "suites/step.h"
#include "suites/steps/steps.h"

#include <stdio.h>
#include <string.h>

const struct step_kind *const step_kinds[] = {
	&step_approach,    &step_field,       &step_select,
	&step_transact,    &step_ask,         &step_attack,
	&step_pair,        &step_retreat,     &step_wait,
	&step_can_send,    &step_can_cyclic,  &step_can_load,
	&step_can_replay,  &step_can_expect,  &step_uds_read,
	&step_uds_request, &step_uds_session, NULL,
};

const struct step_kind *step_find(const char *name)
{
	for (int i = 0; step_kinds[i]; i++)
		if (strcmp(step_kinds[i]->name, name) == 0)
			return step_kinds[i];
	return NULL;
}

const char *step_needs_text(unsigned needs, char out[64])
{
	static const char *const names[] = {
		"reader",         "positioner",   "bus",     "reader of its own",
		"vehicle module", "sensor as t0", "password"
	};
	size_t n = 0;

	if (needs & NEED_READER) /* that already says it */
		needs &= ~(unsigned)NEED_FIELD;
	out[0] = '\0';
	for (int i = 0; i < 7 && n < 63; i++)
		if (needs & 1u << i)
			n += (size_t)snprintf(out + n, 64 - n, "%s%s", n ? ", " : "",
					      names[i]);
	return out;
}
