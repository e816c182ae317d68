#ifndef BENCH_RIG_H
#define BENCH_RIG_H

#include "bench/core/clock.h"
#include "bench/core/data.h"
#include "bench/core/pump.h"
#include "bench/core/wire/dbc.h"
#include "bench/desk.h"
#include "drivers/bus.h"
#include "drivers/can/cyclic.h"
#include "drivers/card.h"
#include "drivers/lock.h"
#include "drivers/positioner.h"
#include "drivers/positioner/on_limit.h"
#include "drivers/reader.h"
#include "drivers/relay.h"
#include "drivers/sensor.h"
#include "fixtures/device/phone.h"
#include "fixtures/proto/pairing.h"
#include "fixtures/proto/profile.h"
#include "fixtures/vehicle/vehicle.h"
#include "suites/step.h"

/*
 * A rig: what is wired where, and the one place that marries drivers to fixtures.
 *
 * An open rig is locked, device by device: a second keybench is refused, and told who has it.
 *
 * rig_load reads everything a rig file names and checks it without touching a device; rig_open
 * starts the emulated desk, if there is one, and opens the devices in their workers.
 *
 * A rig whose reader is the driver "sim" is simulated in this process: the reference phone answers, time is
 * virtual and starts at 0 with rig_open, keys and nonces come from the seed. The same seed gives the
 * same run, byte for byte.
 */
#define RIG_MAX_LOCKS 8
#define RIG_HOMES 4 /* reader, card, relay, positioner: by enum rig_role */

/* Where a device of a role is plugged in; "" when that is not known. */
struct rig_home {
	char name[LOCK_NAME_MAX];
	char now[64]; /* what names it since it came back */
};

/* How far recovery may go: the rig's key 'recovery'. */
struct rig_recovery {
	int64_t wait_ns; /* for a device that was unplugged */
	bool reenumerate, port_power;
	int64_t power_off_ns;
};

struct rig_sim;
struct rig_faults;
struct rig_owner;

struct rig {
	struct conf *conf;
	const char *name, *summary;
	char profile_path[DATA_PATH_MAX], phone_path[DATA_PATH_MAX],
		pairing_path[DATA_PATH_MAX], dbc_path[DATA_PATH_MAX];
	int64_t u_ns;                /* systematic uncertainty of every latency */
	int64_t exchange_timeout_ns; /* of one APDU */
	int reader_fsd;              /* largest frame the open reader takes, bytes */
	struct node emulate;
	struct profile *profile;
	struct phone *phone; /* NULL when the rig names none */
	struct pairing pairing;
	bool has_pairing;
	struct dbc *dbc; /* NULL when the rig's bus names none */

	const struct reader_driver *reader_driver;
	const struct relay_driver *relay_driver;
	const struct positioner_driver *positioner_driver;
	const struct bus_driver *bus_driver;
	const struct sensor_driver *sensor_driver;
	void *reader_options, *relay_options, *positioner_options, *bus_options,
		*sensor_options;
	struct node reader_node, relay_node, positioner_node, bus_node, sensor_node;
	struct rig_recovery recovery;
	bool t0_sensor; /* a tap begins when the sensor sees the phone */

	/* arrangement B: in place of the reader (bench/rig_card.c) */
	const struct card_driver *card_driver;
	void *card_options;
	struct node card_node, module_node;
	int64_t standard_channel; /* of the relay board: the module asks for standard while it is on; 0: none */
	struct rig_faults
		*faults; /* planted in our own devices; NULL: none (bench/rig_fault.h) */
	struct clock *clock; /* the machine's, or .virtual */
	struct clock_virtual virtual;

	/* while open */
	struct rig_sim *sim;
	struct pump *pump;
	int locks[RIG_MAX_LOCKS], lock_count;
	struct rig_home homes[RIG_HOMES];
	struct desk *desk;
	struct reader *reader;
	struct card *card;
	struct device *device; /* what we are, as a card */
	struct rng delays;     /* of that device */
	struct relay *relay;
	struct positioner *positioner;
	struct sensor *sensor;
	struct vehicle *vehicle;
	struct rig_owner *
		owner_side; /* of owner pairing; NULL: this rig cannot (bench/rig_owner.h) */
	struct bus *bus;
	struct cyclic *cyclic;
	int64_t cycles_kept; /* of the positioner that is open: counted in the file already */
	int64_t cycles_run;  /* of this run, those of closed positioners included */
	int64_t cycles_owed; /* that the file did not take yet */
	char wears[120]; /* what is counted: a board or axis; "": the rig by its name */
	struct on_limit coil; /* of the positioner, over its recoveries too */
	bool coil_kept;       /* and over runs: it is to be written down */
	bool simulated;
	char models
		[6]
		[64]; /* what answered when it was opened, by enum rig_role: nothing else may later */
	char devices[6][220]; /* what each is, for the record */
	int device_count;
};

/** @param given  a path, or the name of a rig in the data folders. Free with rig_free. */
int rig_load(struct rig **out, const char *given, struct err *err);
void rig_free(struct rig *rig); /* closes it first when it is open */

/** Simulated in this process, on a virtual clock? */
bool rig_is_virtual(const struct rig *rig);
/** The label of this moment: wall time, or of a virtual clock its own, which starts at the Unix epoch. */
int64_t rig_wall_ns(const struct rig *rig);
/** Sleep on the rig's clock while everything is served: 0, or ERR_INTERRUPTED. */
int rig_sleep_until(struct rig *rig, int64_t until_ns, struct err *err);

/** NEED_ bits this rig has. */
unsigned rig_has(const struct rig *rig);

/**
 * Open everything. @param truth_path  where the emulated desk writes its truth log
 * @return 0, or an error after everything opened so far was closed again
 */
int rig_open(struct rig *rig, struct pump *pump, uint64_t seed, const char *truth_path,
	     struct err *err);
/** Phone away, field off, workers ended, the desk stopped (last: it outlives the relays). */
void rig_close(struct rig *rig);
/**
 * Count the positioner's cycles since the last time over the bench's life (bench/wear.h); by itself when it closes.
 *
 * @param total  out: all of its life; -1 when they are not counted
 */
int rig_count_cycles(struct rig *rig, int64_t *total, struct err *err);
/** Close and open the bus and its cyclic sender again, after one of them failed. */
int rig_restart_bus(struct rig *rig, struct err *err);
/** Close and open relay and positioner again, after one of them failed. */
int rig_restart_positioner(struct rig *rig, struct err *err);

#endif
