#include "bench/core/log.h"
#include "bench/rig_bind.h"
#include "bench/rig_fault.h"
#include "bench/rig_owner.h"
#include "bench/rig_sim.h"
#include "drivers/can/sim.h"
#include "drivers/wrap/worker.h"
#include "fixtures/vehicle/slots_file.h"

#include <stdio.h>
#include <string.h>

static const char *desk_path(void *ctx, const char *name)
{
	return desk_device(ctx, name);
}

static int start_desk(struct rig *rig, uint64_t seed, const char *truth_path,
		      struct err *err)
{
	int rc;

	if (!node_present(rig->emulate))
		return 0;
	rc = desk_start(&rig->desk, conf_name(rig->conf), seed, truth_path, rig->pump,
			err);
	if (rc)
		return rc;
	rig->simulated = true;
	conf_set_devices(rig->conf, desk_path, rig->desk);
	return rig_bind_devices(rig, err);
}

/* Beside the truth log. */
static int begin_faults(struct rig *rig, uint64_t seed, const char *truth_path,
			struct err *err)
{
	char path[DATA_PATH_MAX];
	const char *slash = truth_path ? strrchr(truth_path, '/') : NULL;

	if (!rig_has_faults(rig))
		return 0;
	rig->simulated = true;
	if (slash)
		snprintf(path, sizeof(path), "%.*s/faults.jsonl",
			 (int)(slash - truth_path), truth_path);
	return rig_begin_faults(rig, slash ? path : NULL, seed, err);
}

int rig_know(struct rig *rig, int role, const char *model, struct err *err)
{
	char *known = rig->models[role];

	if (!known[0])
		snprintf(known, sizeof(rig->models[role]), "%s", model);
	if (!strcmp(known, model))
		return 0;
	return err_set(err, ERR_UNSUPPORTED,
		       "%s answers where there was %s: it is another device", model,
		       known);
}

void rig_note_device(struct rig *rig, const char *role, const char *model,
		     const char *link, const char *software, bool simulated)
{
	snprintf(rig->devices[rig->device_count++], sizeof(rig->devices[0]),
		 "%s: %s%s%s%s%s%s", role, model, link[0] ? " over " : "", link,
		 software[0] ? ", " : "", software, simulated ? " (SIMULATED)" : "");
	rig->simulated = rig->simulated || simulated;
}

static int open_reader(struct rig *rig, struct err *err)
{
	const void *options;
	const struct reader_driver *d = rig_faulty_reader(rig, &options);
	struct reader_identity id = { 0 };
	int rc;

	if (!d)
		return 0;
	if (rig->sim)
		rc = rig_sim_open_reader(rig, err);
	else if (d->needs_worker)
		rc = worker_open_reader(&rig->reader, d, options, rig->pump, rig->clock,
					err);
	else
		rc = d->open(&rig->reader, options, rig->clock, err);
	if (!rc)
		rc = reader_identity(rig->reader, &id, err);
	if (!rc)
		rc = rig_know(rig, RIG_READER, id.model, err);
	if (rc)
		return err_wrap(err, rc, "reader");
	rig->reader_fsd = id.fsd ? id.fsd : 256;
	rig_note_device(rig, "reader", id.model, id.link, id.software, id.simulated);
	return 0;
}

static int open_relay(struct rig *rig, struct relay_identity *id, struct err *err)
{
	const void *options;
	const struct relay_driver *d = rig_faulty_relay(rig, &options);
	int rc;

	if (!d)
		return 0;
	if (d->needs_worker)
		rc = worker_open_relay(&rig->relay, d, options, rig->pump, rig->clock,
				       err);
	else
		rc = d->open(&rig->relay, options, rig->clock, err);
	if (!rc)
		rc = relay_identity(rig->relay, id, err);
	if (!rc)
		rc = rig_know(rig, RIG_RELAY, id->model, err);
	return rc ? err_wrap(err, rc, "relay board") : 0;
}

static int open_positioner(struct rig *rig, struct positioner_identity *id,
			   struct err *err)
{
	struct positioner_parts parts = { .relay = rig->relay,
					  .pump = rig->pump,
					  .coil = &rig->coil };
	struct positioner *inner;
	int rc;

	if (!rig->positioner_driver)
		return 0;
	if (rig->sim)
		rc = rig_sim_open_positioner(&inner, rig, err);
	else if (rig->positioner_driver->needs_worker)
		rc = worker_open_positioner(&inner, rig->positioner_driver,
					    rig->positioner_options, rig->pump,
					    rig->clock, err);
	else
		rc = rig->positioner_driver->open(&inner, rig->positioner_options, &parts,
						  rig->clock, err);
	if (!rc)
		rc = rig_faulty_positioner(&rig->positioner, inner, rig, err);
	if (!rc)
		rc = positioner_identity(rig->positioner, id, err);
	if (!rc)
		rc = rig_know(rig, RIG_POSITIONER, id->model, err);
	return rc ? err_wrap(err, rc, "positioner") : 0;
}

static int open_bus(struct rig *rig, struct bus_identity *id, struct err *err)
{
	const struct bus_driver *d = rig->bus_driver;
	struct bus_parts parts = { .pump = rig->pump };
	bool simulated = false;
	struct bus *inner;
	int rc;

	if (!d)
		return 0;
	rc = d->open(&inner, rig->bus_options, &parts, rig->clock, err);
	if (!rc)
		simulated = sim_bus_model(inner);
	if (!rc)
		rc = rig_faulty_bus(&rig->bus, inner, rig, err);
	if (!rc)
		rc = bus_identity(rig->bus, id, err);
	if (!rc)
		rc = rig_know(rig, RIG_BUS, id->model, err);
	if (!rc && simulated)
		rc = sim_bus_cyclic(&rig->cyclic, inner, err);
	else if (!rc)
		rc = cyclic_start(&rig->cyclic, d, rig->bus_options, rig->pump, err);
	return rc ? err_wrap(err, rc, "bus") : 0;
}

static void close_bus(struct rig *rig)
{
	cyclic_end(rig->cyclic);
	bus_close(rig->bus);
	rig->cyclic = NULL;
	rig->bus = NULL;
}

int rig_restart_bus(struct rig *rig, struct err *err)
{
	struct bus_identity id;

	close_bus(rig);
	return open_bus(rig, &id, err);
}

static int open_sensor(struct rig *rig, struct sensor_identity *eye, struct err *err)
{
	struct sensor_parts parts = { rig->relay, rig->positioner, rig->pump };
	struct sensor *inner;
	int rc;

	if (!rig->sensor_driver)
		return 0;
	rc = rig->sensor_driver->open(&inner, rig->sensor_options, &parts, rig->clock,
				      err);
	if (!rc)
		rc = rig_faulty_sensor(&rig->sensor, inner, rig, err);
	if (!rc)
		rc = sensor_identity(rig->sensor, eye, err);
	if (!rc)
		rc = rig_know(rig, RIG_SENSOR, eye->model, err);
	return rc ? err_wrap(err, rc, "sensor") : 0;
}

struct mechanics {
	struct relay_identity board;
	struct positioner_identity where;
	struct sensor_identity eye;
};

static int open_mechanics(struct rig *rig, struct mechanics *m, struct err *err)
{
	int rc = open_relay(rig, &m->board, err);

	if (!rc)
		rc = open_positioner(rig, &m->where, err);
	return rc ? rc : open_sensor(rig, &m->eye, err);
}

static void note_mechanics(struct rig *rig, const struct mechanics *m)
{
	if (rig->relay)
		rig_note_device(rig, "relay", m->board.model, m->board.link, "",
				m->board.simulated);
	if (rig->positioner)
		rig_note_device(rig, "positioner", m->where.model, m->where.link, "",
				m->where.simulated);
	if (rig->sensor)
		rig_note_device(rig, "sensor", m->eye.model, "", "", m->eye.simulated);
}

int rig_open(struct rig *rig, struct pump *pump, uint64_t seed, const char *truth_path,
	     struct err *err)
{
	struct mechanics mechanics = { 0 };
	struct bus_identity bus = { 0 };
	int rc;

	rig->pump = pump;
	rig->device_count = 0;
	memset(rig->models, 0, sizeof(rig->models));
	rc = begin_faults(rig, seed, truth_path, err);
	if (!rc)
		rc = start_desk(rig, seed, truth_path, err);
	if (!rc)
		rc = rig_lock(rig, err);
	if (!rc)
		rc = rig_sim_open(rig, seed, err);
	if (!rc)
		rc = open_mechanics(rig, &mechanics, err);
	if (!rc)
		rc = open_reader(rig, err);
	if (!rc)
		rc = rig_open_card(rig, seed, err);
	if (!rc)
		note_mechanics(rig, &mechanics);
	if (!rc)
		rc = open_bus(rig, &bus, err);
	if (!rc && rig->bus)
		rig_note_device(rig, "bus", bus.model, bus.link, "", bus.simulated);
	if (!rc && rig->bus && bus.module[0])
		rig_note_device(rig, "module", bus.module, "", "", bus.simulated);
	if (!rc && rig->has_pairing)
		rc = vehicle_new_file(&rig->vehicle, rig->profile, rig->pairing_path,
				      rig_sim_lib(rig), err);
	if (!rc)
		rc = rig_owner_open(rig, rig_sim_lib(rig), err);
	if (rc)
		rig_close(rig);
	if (rc)
		return rc;
	rig_note_homes(rig);
	rig_begin_wear(rig);
	return 0;
}

static void close_mechanics(struct rig *rig)
{
	rig_take_cycles(rig);
	sensor_close(rig->sensor);
	rig->sensor = NULL;
	positioner_close(rig->positioner);
	relay_close(rig->relay);
	rig->positioner = NULL;
	rig->relay = NULL;
	rig_count_closed(rig);
}

void rig_close(struct rig *rig)
{
	if (rig->pump)
		pump_hold_stop(rig->pump, true);
	close_mechanics(rig); /* the phone leaves first */
	rig_end_wear(rig);
	reader_close(rig->reader);
	rig->reader = NULL;
	rig_close_card(rig);
	close_bus(rig);
	vehicle_free(rig->vehicle);
	rig->vehicle = NULL;
	rig_owner_close(rig);
	rig_sim_close(rig);
	if (rig->desk)
		conf_set_devices(rig->conf, NULL, NULL);
	/* first the locks: once the desk is gone another one may have its lines' names */
	rig_unlock(rig);
	desk_stop(rig->desk);
	rig->desk = NULL;
	if (rig->pump)
		pump_hold_stop(rig->pump, false);
	rig->pump = NULL; /* borrowed for as long as the rig is open */
}

int rig_restart_positioner(struct rig *rig, struct err *err)
{
	struct mechanics mechanics;

	close_mechanics(rig);
	return open_mechanics(rig, &mechanics, err);
}
