#include "bench/recover.h"

#include "drivers/wrap/worker.h"
#include "results/record.h"

#include <stdio.h>

enum rung {
	RUNG_REOPEN,
	RUNG_RESPAWN,
	RUNG_COUNT
};

static const char *const rung_names[RUNG_COUNT] = { "reopen", "respawn" };

/* A dead process has nothing to reopen. */
static enum rung first_rung(const struct err *cause)
{
	return cause->code == ERR_GONE ? RUNG_RESPAWN : RUNG_REOPEN;
}

static int climb(struct reader *reader, enum rung rung, bool in_worker, struct err *err)
{
	switch (rung) {
	case RUNG_REOPEN:
		return reader->ops->reopen(reader, err);
	default:
		if (!in_worker)
			return err_set(err, ERR_UNSUPPORTED,
				       "this reader has no worker of its own");
		return worker_respawn(reader, err);
	}
}

static int prove(struct reader *reader, struct err *err)
{
	struct reader_identity id;
	int rc = reader_identity(reader, &id, err);

	return rc ? rc : reader_set_field(reader, false, err);
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

int recover_reader(struct recovery *r, const struct err *cause, struct err *err)
{
	struct reader *reader = r->rig->reader;
	char why[sizeof(cause->text)];
	int rc = ERR_IO;

	snprintf(why, sizeof(why), "%s", err_text(cause));
	for (enum rung rung = first_rung(cause); rung < RUNG_COUNT; rung++) {
		int64_t from = clock_now(r->rig->clock);
		struct err own = { 0 };
		int logged;

		rc = climb(reader, rung, r->rig->reader_driver->needs_worker, &own);
		if (!rc)
			rc = prove(reader, &own);
		logged = write_down(r, "reader", rung_names[rung], why, from, rc == 0,
				    err);
		if (logged || !rc)
			return logged;
		if (rc == ERR_INTERRUPTED)
			return err_set(err, rc, "interrupted");
		snprintf(why, sizeof(why), "%s", err_text(&own));
	}
	write_down(r, "reader", "drain", why, clock_now(r->rig->clock), false, NULL);
	return err_set(err, rc, "the reader cannot be recovered: %s", why);
}

int recover_positioner(struct recovery *r, const struct err *cause, struct err *err)
{
	int64_t from = clock_now(r->rig->clock);
	int rc = rig_restart_positioner(r->rig, err);
	int logged = write_down(r, "positioner", rc ? "drain" : "reopen", err_text(cause),
				from, rc == 0, err);

	return rc ? rc : logged;
}
