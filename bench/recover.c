#include "bench/recover.h"

#include "bench/core/log.h"
#include "bench/rig_bind.h"
#include "bench/rig_fault.h"
#include "bench/rig_rescue.h"
#include "drivers/wrap/worker.h"
#include "results/record.h"

#include <stdio.h>

#define LOOK_NS (200 * NS_PER_MS)
#define SETTLE_NS \
	(2 * NS_PER_S) /* a device that is back: its node, and who may open it */

enum rung {
	RUNG_REOPEN,
	RUNG_RESPAWN,
	RUNG_REENUMERATE,
	RUNG_PORT_POWER,
	RUNG_COUNT
};

static const char *const rung_names[RUNG_COUNT] = { "reopen", "respawn", "re-enumerate",
						    "port-power" };

/* What the ladder stands against. */
struct patient {
	const char *name;
	int role; /* whose USB port it is */
	bool has_worker;
	int (*reopen)(struct rig *rig, struct err *err); /* NULL: only anew */
	int (*renew)(struct rig *rig, struct err *err);
	int (*prove)(struct rig *rig, struct err *err);
};

/* A dead process has nothing to reopen; a device that went without one may be back. */
static enum rung first_rung(const struct patient *p, const struct err *cause)
{
	return cause->code == ERR_GONE && p->has_worker && p->reopen ? RUNG_RESPAWN
								     : RUNG_REOPEN;
}

static int no_worker(const char *what, struct err *err)
{
	return err_set(err, ERR_UNSUPPORTED, "this %s has no worker of its own", what);
}

static int reopen_reader(struct rig *rig, struct err *err)
{
	return reader_reopen(rig->reader, err);
}

static int renew_reader(struct rig *rig, struct err *err)
{
	int rc;

	if (!rig->reader_driver->needs_worker)
		return no_worker("reader", err);
	rc = rig_follow(rig, RIG_READER, err);
	return rc ? rc : worker_respawn(rig->reader, err);
}

static int prove_reader(struct rig *rig, struct err *err)
{
	struct reader_identity id;
	int rc = reader_identity(rig->reader, &id, err);

	if (!rc)
		rc = rig_know(rig, RIG_READER, id.model, err);
	return rc ? rc : reader_set_field(rig->reader, false, err);
}

static int reopen_card(struct rig *rig, struct err *err)
{
	return card_reopen(rig->card, err);
}

static int renew_card(struct rig *rig, struct err *err)
{
	int rc;

	if (!rig->card_driver->needs_worker)
		return no_worker("card", err);
	rc = rig_follow(rig, RIG_CARD, err);
	return rc ? rc : worker_respawn_card(rig->card, err);
}

/* Only a chip that answers can be told to listen, and to stop; a dead one is found out within 400 ms. */
static int prove_card(struct rig *rig, struct err *err)
{
	struct card_listen listen = { .timeout_ns = 600 * NS_PER_MS };
	struct card_release release = { .timeout_ns = 0 };
	struct card_identity id;
	int rc = card_identity(rig->card, &id, err);

	if (!rc)
		rc = rig_know(rig, RIG_CARD, id.model, err);
	if (!rc)
		rc = card_listen(rig->card, &listen, err);
	return rc ? rc : card_release(rig->card, &release, err);
}

static int renew_mechanics(struct rig *rig, struct err *err)
{
	int rc = rig_follow(rig, RIG_RELAY, err);

	if (!rc)
		rc = rig_follow(rig, RIG_POSITIONER, err);
	return rc ? rc : rig_restart_positioner(rig, err);
}

/* Nothing is on, where the board can tell; an older one takes the order, and that is all that can be known. */
static int prove_board(struct rig *rig, struct err *err)
{
	uint32_t state = 0;
	int rc = rig->relay ? relay_all_off(rig->relay, err) : 0;

	if (rc || !rig->relay)
		return rc;
	rc = relay_read(rig->relay, &state, err);
	if (rc == ERR_UNSUPPORTED)
		return 0;
	return rc || !state ? rc
			    : err_set(err, ERR_IO, "channels %#x are still on", state);
}

/* And the phone is away: an axis first finds its home. Each driver limits how long that takes. */
static int prove_mechanics(struct rig *rig, struct err *err)
{
	struct positioner_move away = { .to = POSITION_AWAY };
	int rc = prove_board(rig, err);

	if (rc || !rig->positioner)
		return rc;
	rc = positioner_move(rig->positioner, &away, err);
	if (!rc)
		rc = rig_sleep_until(rig, away.settled_ns, err);
	while (!rc && (rc = positioner_settle(rig->positioner, &away, err)) ==
			      POSITIONER_NOT_YET)
		rc = rig_sleep_until(rig, away.settled_ns, err);
	return rc;
}

static int renew_bus(struct rig *rig, struct err *err)
{
	return rig_restart_bus(rig, err);
}

static int write_down(struct recovery *r, const char *device, const char *rung,
		      const char *why, int64_t from_ns, bool proved, struct err *err)
{
	struct record_recovery record = {
		.device = device,
		.rung = rung,
		.why = why,
		.at_ns = from_ns - r->origin_ns,
		.took_ns = clock_now(r->rig->clock) - from_ns,
		.proved = proved,
	};

	return journal_append(r->journal, record_recovery_json(&record), err);
}

/* A device that is not there is waited for, as long as the rig says; one that just came back may refuse at first. */
static int renew(struct recovery *r, const struct patient *p, struct err *err)
{
	struct rig *rig = r->rig;
	int64_t began = clock_now(rig->clock), missed = 0;
	int64_t deadline = began + (p->has_worker ? rig->recovery.wait_ns : 0);
	bool said = false;

	for (;;) {
		int rc = p->renew(rig, err);
		int64_t now = clock_now(rig->clock);

		if (rc == ERR_GONE)
			missed = now;
		if (rc == 0 || rc == ERR_INTERRUPTED || rc == ERR_NOMEM ||
		    rc == ERR_UNSUPPORTED || !missed || now >= deadline ||
		    now - missed > SETTLE_NS || (rig->desk && !desk_alive(rig->desk)))
			return rc;
		if (!said)
			log_warning("the %s is not there: waiting up to %.0f s for it",
				    p->name, (double)(deadline - began) / 1e9);
		said = true;
		rc = rig_sleep_until(rig, now + LOOK_NS, err);
		if (rc)
			return rc;
	}
}

static int climb(struct recovery *r, const struct patient *p, enum rung rung,
		 struct err *err)
{
	int rc;

	switch (rung) {
	case RUNG_REOPEN:
		return p->reopen ? p->reopen(r->rig, err) : renew(r, p, err);
	case RUNG_RESPAWN:
		return renew(r, p, err);
	case RUNG_REENUMERATE:
		rc = rig_reenumerate(r->rig, p->role, err);
		return rc ? rc : renew(r, p, err);
	default:
		rc = rig_cycle_power(r->rig, p->role, err);
		return rc ? rc : renew(r, p, err);
	}
}

static bool allowed(const struct recovery *r, const struct patient *p, enum rung rung)
{
	char port[RIG_USB_PORT];

	if (rung == RUNG_RESPAWN)
		return p->reopen;
	if (rung < RUNG_REENUMERATE)
		return true;
	if (p->role < 0 || !rig_usb_port(r->rig, p->role, port))
		return false;
	return rung == RUNG_REENUMERATE ? r->rig->recovery.reenumerate
					: r->rig->recovery.port_power;
}

static int climb_ladder(struct recovery *r, const struct patient *p,
			const struct err *cause, struct err *err)
{
	char why[sizeof(cause->text)];
	int rc = ERR_IO;

	snprintf(why, sizeof(why), "%s", err_text(cause));
	for (enum rung rung = first_rung(p, cause); rung < RUNG_COUNT; rung++) {
		int64_t from = clock_now(r->rig->clock);
		struct err own = { 0 };
		int logged;

		if (!allowed(r, p, rung))
			continue;
		rc = climb(r, p, rung, &own);
		if (!rc && p->prove)
			rc = p->prove(r->rig, &own);
		logged =
			write_down(r, p->name, rung_names[rung], why, from, rc == 0, err);
		if (logged || !rc)
			return logged;
		if (rc == ERR_INTERRUPTED)
			return err_set(err, rc, "interrupted");
		snprintf(why, sizeof(why), "%s", err_text(&own));
	}
	write_down(r, p->name, "drain", why, clock_now(r->rig->clock), false, NULL);
	return err_set(err, rc, "the %s cannot be recovered: %s", p->name, why);
}

int recover_reader(struct recovery *r, const struct err *cause, struct err *err)
{
	const struct patient reader = {
		"reader",      RIG_READER,   r->rig->reader_driver->needs_worker,
		reopen_reader, renew_reader, prove_reader
	};

	return climb_ladder(r, &reader, cause, err);
}

int recover_card(struct recovery *r, const struct err *cause, struct err *err)
{
	const struct patient card = {
		"card",      RIG_CARD,   r->rig->card_driver->needs_worker,
		reopen_card, renew_card, prove_card
	};

	return climb_ladder(r, &card, cause, err);
}

/* The board that a positioner stands on, or an axis by itself. */
int recover_positioner(struct recovery *r, const struct err *cause, struct err *err)
{
	const struct rig *rig = r->rig;
	bool board = rig->relay_driver && rig->relay_driver->needs_worker;
	bool axis = rig->positioner_driver && rig->positioner_driver->needs_worker;
	const struct patient positioner = { .name = "positioner",
					    .role = axis ? RIG_POSITIONER : RIG_RELAY,
					    .has_worker = board || axis,
					    .renew = renew_mechanics,
					    .prove = prove_mechanics };

	return climb_ladder(r, &positioner, cause, err);
}

int recover_bus(struct recovery *r, const struct err *cause, struct err *err)
{
	const struct patient bus = { .name = "bus", .role = -1, .renew = renew_bus };

	return climb_ladder(r, &bus, cause, err);
}
