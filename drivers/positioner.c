#include "drivers/positioner.h"

#include <assert.h>

const char *positioner_state_name(enum positioner_state s)
{
	static const char *const names[] = { "unknown",  "homing",  "away", "approaching",
					     "in field", "leaving", "fault" };

	return (unsigned)s < sizeof(names) / sizeof(*names) ? names[s] : "?";
}

int positioner_move(struct positioner *p, struct positioner_move *move, struct err *err)
{
	int rc;

	assert(move->to == POSITION_AWAY || move->to == POSITION_TAP);
	rc = p->ops->move(p, move, err);
	if (rc == 0) {
		p->cycles += move->to == POSITION_TAP && p->sent_to == POSITION_AWAY;
		p->sent_to = move->to;
	}
	return rc;
}

int positioner_settle(struct positioner *p, struct positioner_move *move, struct err *err)
{
	return p->ops->settle(p, move, err);
}

enum positioner_state positioner_state(struct positioner *p)
{
	return p->ops->state(p);
}

int positioner_probe(struct positioner *p, bool *on, struct err *err)
{
	return p->ops->probe(p, on, err);
}

int positioner_identity(struct positioner *p, struct positioner_identity *id,
			struct err *err)
{
	return p->ops->identity(p, id, err);
}

void positioner_close(struct positioner *p)
{
	if (p)
		p->ops->close(p);
}
