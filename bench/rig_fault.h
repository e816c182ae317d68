#ifndef BENCH_RIG_FAULT_H
#define BENCH_RIG_FAULT_H

#include "bench/rig.h"
#include "drivers/wrap/fault.h"

/*
 * Faults that a rig file plants in the roles of the bench itself (keybench-rig(5), FAULTS): the driver of a role is
 * put behind drivers/wrap/fault.h, in the worker where it has one, so that a hang is one and an abort is one.
 *
 * A run on such a rig is marked as SIMULATED, whatever its devices are, and says so in its notes. Every fault that
 * strikes is a line of faults.jsonl in the run folder:
 *   {"t": 123, "role": "reader", "kind": "hang", "call": "exchange", "n": 9}
 * t as in truth.jsonl.
 */
enum rig_role {
	RIG_READER,
	RIG_CARD,
	RIG_RELAY,
	RIG_POSITIONER,
	RIG_BUS,
	RIG_SENSOR
};
#define RIG_ROLE_COUNT 6
extern const char *const rig_role_names[RIG_ROLE_COUNT + 1];

/** Bind the list @at of a rig whose drivers are chosen. Located errors. */
int rig_bind_faults(struct rig *rig, struct node at, struct err *err);
void rig_free_faults(struct rig *rig);
bool rig_has_faults(const struct rig *rig);
/** One line for the record: what is planted. */
const char *rig_faults_text(const struct rig *rig, char out[200]);
/** Every plan from its start. @param log_path  where strikes are written; NULL: nowhere */
int rig_begin_faults(struct rig *rig, const char *log_path, uint64_t seed,
		     struct err *err);

/*
 * The driver of a role and its options, as they are to be opened: its own, or one that puts the fault around it. What is
 * returned lives as long as the rig.
 */
const struct reader_driver *rig_faulty_reader(struct rig *rig, const void **options);
const struct card_driver *rig_faulty_card(struct rig *rig, const void **options);
const struct relay_driver *rig_faulty_relay(struct rig *rig, const void **options);
/** Put around what was opened; @inner is taken over, also on error. */
int rig_faulty_simulated_reader(struct reader **out, struct reader *inner,
				struct rig *rig, struct err *err);
int rig_faulty_positioner(struct positioner **out, struct positioner *inner,
			  struct rig *rig, struct err *err);
int rig_faulty_sensor(struct sensor **out, struct sensor *inner, struct rig *rig,
		      struct err *err);
int rig_faulty_bus(struct bus **out, struct bus *inner, struct rig *rig, struct err *err);

#endif
