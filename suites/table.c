#include "suites/step.h"
#include "suites/steps/steps.h"

#include <stdio.h>
#include <string.h>

const struct step_kind *const step_kinds[] = {
	&step_approach, &step_field, &step_select, &step_transact,
	&step_retreat,  &step_wait,  NULL,
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
	snprintf(out, 64, "%s%s%s",
		 needs & NEED_READER  ? "reader"
		 : needs & NEED_FIELD ? "reader of its own"
				      : "",
		 (needs & (NEED_READER | NEED_FIELD)) && (needs & NEED_POSITIONER) ? ", "
										   : "",
		 needs & NEED_POSITIONER ? "positioner" : "");
	return out;
}
