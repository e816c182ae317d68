#include "bench/recover.h"

#include "bench/rig_bind.h"
#include "bench/rig_fault.h"
#include "drivers/wrap/worker.h"
#include "results/record.h"

#include <stdio.h>

enum rung {
	RUNG_REOPEN,
	RUNG_RESPAWN,
	RUNG_COUNT
};

static const char *const rung_names[RUNG_COUNT] = { "reopen", "respawn" };

/* A dead process has nothing to reopen; a device that went without one may be back. */
static enum rung first_rung(const struct err *cause, bool has_worker)
{
	return cause->code == ERR_GONE && has_worker ? RUNG_RESPAWN : RUNG_REOPEN;
}

/* What the ladder stands against. */
struct patient {
	const char *name;
	bool has_worker;
	int (*climb)(struct rig *rig, enum rung rung, struct err *err);
	int (*prove)(struct rig *rig, struct err *err);
};

static int no_worker(const char *what, struct err *err)
{
	return err_set(err, ERR_UNSUPPORTED, "this %s has no worker of its own", what);
}

static int climb_reader(struct rig *rig, enum rung rung, struct err *err)
{
	switch (rung) {
	case RUNG_REOPEN:
		return reader_reopen(rig->reader, err);
	default:
		return rig->reader_driver->needs_worker ? worker_respawn(rig->reader, err)
							: no_worker("reader", err);
	}
}

static int prove_reader(struct rig *rig, struct err *err)
{
	struct reader_identity id;
	int rc = reader_identity(rig->reader, &id, err);

	if (!rc)
		rc = rig_know(rig, RIG_READER, id.model, err);
	return rc ? rc : reader_set_field(rig->reader, false, err);
}

static int climb_card(struct rig *rig, enum rung rung, struct err *err)
{
	switch (rung) {
	case RUNG_REOPEN:
		return card_reopen(rig->card, err);
	default:
		return rig->card_driver->needs_worker
			       ? worker_respawn_card(rig->card, err)
			       : no_worker("card", err);
	}
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

static int climb_ladder(struct recovery *r, const struct patient *p,
			const struct err *cause, struct err *err)
{
	char why[sizeof(cause->text)];
	int rc = ERR_IO;

	snprintf(why, sizeof(why), "%s", err_text(cause));
	for (enum rung rung = first_rung(cause, p->has_worker); rung < RUNG_COUNT;
	     rung++) {
		int64_t from = clock_now(r->rig->clock);
		struct err own = { 0 };
		int logged;

		rc = p->climb(r->rig, rung, &own);
		if (!rc)
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
	struct patient reader = { "reader", r->rig->reader_driver->needs_worker,
				  climb_reader, prove_reader };

	return climb_ladder(r, &reader, cause, err);
}

int recover_card(struct recovery *r, const struct err *cause, struct err *err)
{
	struct patient card = { "card", r->rig->card_driver->needs_worker, climb_card,
				prove_card };

	return climb_ladder(r, &card, cause, err);
}

int recover_positioner(struct recovery *r, const struct err *cause, struct err *err)
{
	int64_t from = clock_now(r->rig->clock);
	int rc = rig_restart_positioner(r->rig, err);
	int logged = write_down(r, "positioner", rc ? "drain" : "reopen", err_text(cause),
				from, rc == 0, err);

	return rc ? rc : logged;
}

int recover_bus(struct recovery *r, const struct err *cause, struct err *err)
{
	int64_t from = clock_now(r->rig->clock);
	int rc = rig_restart_bus(r->rig, err);
	int logged = write_down(r, "bus", rc ? "drain" : "reopen", err_text(cause), from,
				rc == 0, err);

	return rc ? rc : logged;
}
