#include "drivers/positioner.h"

#include <assert.h>

int positioner_move(struct positioner *p, struct positioner_move *move, struct err *err)
{
	assert(move->to == POSITION_AWAY || move->to == POSITION_TAP);
	return p->ops->move(p, move, err);
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
