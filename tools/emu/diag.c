#include "tools/emu/diag.h"

#include "drivers/can/canlink.h"
#include "drivers/can/isotp.h"
#include "drivers/can/uds.h"

#include <stdlib.h>
#include <unistd.h>

struct diag {
	struct world *world;
	int fd;
};

/* In the order of uds_identity; the supplier's software it does not tell. */
static const char *const values[] = { "EMU-0001", "emulated vehicle module", NULL,
				      VERSION };

static void on_request(void *ctx, int fd)
{
	struct diag *d = ctx;
	uint8_t room[ISOTP_MAX], answer_room[64];
	struct buf request = BUF_ON(room), answer = BUF_ON(answer_room);
	struct err err = { 0 };
	int rc = isotp_receive(fd, &request, 0, NULL, &err);

	if (rc == ERR_TIMEOUT)
		return;
	if (!rc) {
		uds_serve(buf_bytes(&request), values, &answer);
		if (answer.len)
			rc = isotp_send(fd, buf_bytes(&answer), &err);
	}
	truth_say(world_truth(d->world), world_now(d->world), "diagnosed", "b:answered",
		  (int)!rc);
	if (rc == ERR_GONE) /* or it would be called for ever */
		world_unwatch(d->world, fd);
}

int diag_open(struct diag **out, struct world *w, const char *interface, const char *uds,
	      struct err *err)
{
	struct diag *d = calloc(1, sizeof(*d));
	uint32_t request, answer;
	struct canlink link;
	int rc;

	if (!d)
		return err_set(err, ERR_NOMEM, "no memory");
	*d = (struct diag){ w, -1 };
	rc = uds_pair(uds, &request, &answer);
	if (rc)
		err_set(err, rc, "'%.40s' is none; 7E0:7E8 is", uds);
	if (!rc)
		rc = canlink_read(&link, interface, err);
	if (!rc)
		rc = d->fd = isotp_open(link.index, answer, request, err);
	if (rc >= 0)
		rc = world_watch(w, d->fd, on_request, d)
			     ? err_set(err, ERR_RANGE, "too many devices on this desk")
			     : 0;
	if (rc)
		diag_close(d);
	else
		*out = d;
	return rc ? err_wrap(err, rc, "diagnostics on %s", interface) : 0;
}

void diag_close(struct diag *d)
{
	if (!d)
		return;
	if (d->fd >= 0) {
		world_unwatch(d->world, d->fd);
		close(d->fd);
	}
	free(d);
}
