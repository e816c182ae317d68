#ifndef SUITES_STEPS_STEPS_H
#define SUITES_STEPS_STEPS_H

#include "suites/step.h"

/* One file a subject; suites/table.c lists them. */
extern const struct step_kind step_approach, step_retreat, step_wait; /* place.c */
extern const struct step_kind step_field, step_select;                /* field.c */
extern const struct step_kind step_transact;                          /* transact.c */
extern const struct step_kind step_ask;                               /* ask.c */
extern const struct step_kind step_attack;                            /* attack.c */
extern const struct step_kind step_pair;                              /* pair.c */
extern const struct step_kind step_can_send, step_can_cyclic, step_can_load; /* can.c */
extern const struct step_kind step_can_expect; /* can_expect.c */
extern const struct step_kind step_can_replay; /* can_replay.c */
extern const struct step_kind step_uds_read, step_uds_request,
	step_uds_session; /* uds.c */

struct reader_activation;
/**
 * How to poll: for how long, and with which annotation (as the parameter ecp of select).
 * @return 0, ERR_UNSUPPORTED: the profile has no such frame
 */
int step_set_polling(struct reader_activation *a, const struct step_env *env,
		     int64_t within_ns, int ecp, struct err *err);

/** Once more to the tap, where this attempt brought the phone, and wait until it is there; moves nothing when it was there. */
int place_again(struct step_env *env, struct err *err);

/* Frames named in suites, shared by the two. */
struct dbc_message;
struct canframe;
/** The message @name of the rig's DBC; a located mistake when there is none. */
int can_find_message(const struct dbc_message **out, const struct dbc *dbc,
		     const char *name, struct node at, struct err *err);
/** A frame as candump writes it. */
int can_read_frame(struct canframe *out, const char *text, struct node at,
		   struct err *err);
/** The same; @fd or @brs make it an FD frame, whose data may then be longer. */
int can_read_fd_frame(struct canframe *out, const char *text, bool fd, bool brs,
		      struct node at, struct err *err);
/** Take in what the bus has; waits for one frame until @deadline_ns when there is none. */
int can_collect(struct step_env *env, int64_t deadline_ns, struct err *err);
/** Is everything that can_send sent in this attempt on the bus? Waits for it, 1 s; else an error of the bench. */
int can_confirm(struct step_env *env, struct err *err);
/** Stop what the attempt sends by itself. ERR_RANGE: it was not sent as the suite asked. */
int can_stop(struct step_env *env, struct err *err);
/** Back to the default session, if the module does as it is told. */
int uds_end_session(struct step_env *env, struct err *err);

#endif
