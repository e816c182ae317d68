#include "drivers/positioner.h"

#include <assert.h>
#include <stdlib.h>

const char *positioner_state_name(enum positioner_state s)
{
	static const char *const names[] = { "unknown",  "homing",  "away", "approaching",
					     "in field", "leaving", "fault" };

	return (unsigned)s < sizeof(names) / sizeof(*names) ? names[s] : "?";
}

struct positioner_reach positioner_driver_reach(const struct positioner_driver *d,
						const void *options)
{
	struct positioner_reach reach = { 0 };

	if (d && d->reach)
		d->reach(options, &reach);
	return reach;
}

int positioner_reach_check(const struct positioner_reach *r,
			   const struct positioner_offset *o, struct err *err)
{
	if (!o->x_um && !o->y_um && !o->z_um)
		return 0;
	if (!r->beside_um && !r->off_um)
		return err_set(
			err, ERR_UNSUPPORTED,
			"this positioner knows two places only: at the reader, and "
			"away");
	if (llabs(o->x_um) > r->beside_um || llabs(o->y_um) > r->beside_um)
		return err_set(err, ERR_RANGE,
			       "%.3f, %.3f mm beside the tap: this positioner may reach "
			       "%.3f mm",
			       (double)o->x_um / 1e3, (double)o->y_um / 1e3,
			       (double)r->beside_um / 1e3);
	if (o->z_um < 0 || o->z_um > r->off_um)
		return err_set(err, ERR_RANGE,
			       "%.3f mm off the tap: this positioner may go from 0 to "
			       "%.3f mm",
			       (double)o->z_um / 1e3, (double)r->off_um / 1e3);
	return 0;
}

int positioner_tap_alone(const struct positioner_move *move, struct err *err)
{
	static const struct positioner_reach none;

	return move->to == POSITION_TAP
		       ? positioner_reach_check(&none, &move->offset, err)
		       : 0;
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
