#include "tools/emu/diag.h"

#include "drivers/can/uds.h"
#include "drivers/can/uds_server.h"

#include <stdlib.h>

struct diag {
	struct world *world;
	struct uds_node *node;
};

static void on_asked(void *ctx, int64_t at_ns, bool answered)
{
	struct diag *d = ctx;

	truth_say(world_truth(d->world), at_ns, "diagnosed", "b:answered", (int)answered);
}

int diag_open(struct diag **out, struct world *w, struct hub *hub, const char *uds,
	      struct err *err)
{
	struct diag *d = calloc(1, sizeof(*d));
	struct tp_options tester, module;
	int rc;

	if (!d)
		return err_set(err, ERR_NOMEM, "no memory");
	d->world = w;
	rc = uds_pair(uds, &tester);
	if (rc)
		err_set(err, rc, "'%.40s' is none; 7E0:7E8 is", uds);
	if (!rc) {
		module = uds_other_side(&tester);
		rc = uds_node_new(&d->node, hub_model(hub), &module, on_asked, d, err);
	}
	if (rc)
		diag_close(d);
	else
		*out = d;
	return rc ? err_wrap(err, rc, "diagnostics on %s", hub_name(hub)) : 0;
}

void diag_close(struct diag *d)
{
	if (!d)
		return;
	uds_node_free(d->node);
	free(d);
}
