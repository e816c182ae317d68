#ifndef SUITES_STEP_H
#define SUITES_STEP_H

#include "bench/core/attempt.h"
#include "bench/core/clock.h"
#include "bench/core/conf.h"
#include "bench/core/data.h"

#include <stdbool.h>

/*
 * A step: a name a suite may use, its parameters, and how it is run. All of them stand in table.c.
 *
 * A step is straight-line code over roles; it may block in them, they have deadlines. What the target
 * does ends the attempt (attempt_end, attempt_complain, return STEP_STOP); what the bench itself cannot do is
 * a negative error.
 */
struct bus;
struct bus_frame;
struct cyclic;
struct dbc;
struct card;
struct device;
struct owner_pairing;
struct phone;
struct positioner;
struct positioner_reach;
struct profile;
struct reader;
struct relay;
struct rng;
struct sensor;
struct step_recording;
struct uds_target;
struct vehicle;

enum step_need {         /* what a rig must have for a step; bits */
	NEED_READER = 1, /* a side of the air gap: a reader, or in its place a card */
	NEED_POSITIONER = 2,
	NEED_BUS = 4,
	NEED_FIELD = 8, /* a reader of our own, whose field we switch */
	/* no step says these, a suite does */
	NEED_MODULE = 16, /* a vehicle module that speaks on the bus */
	NEED_SENSOR =
		32,     /* a sensor that sees the phone arrive, from which a tap counts */
	NEED_OWNER = 64 /* a protocol and a pairing with what owner pairing takes */
};

/** What a step works on. Lives for one case; .attempt is new for every attempt. */
struct step_env {
	struct clock *clock;
	struct reader *reader; /* NULL where the rig has none */
	struct positioner *positioner;
	struct sensor *sensor; /* sees the phone arrive; NULL where the rig has none */
	bool t0_sensor;        /* a tap begins with what it saw */
	struct vehicle *vehicle;
	struct owner_pairing *
		owner; /* the vehicle's side of owner pairing; NULL where the rig cannot */
	struct bus *bus;
	const struct dbc *dbc; /* what its frames mean; NULL where the rig says nothing */
	const struct uds_target
		*uds;    /* how the target is asked; NULL: its profile does not say */
	bool in_session; /* of UDS, other than the default one: tear-down ends it */
	struct cyclic *cyclic; /* NULL: this bus has no helper that sends by itself */
	/* every frame of the bus since step_begin, in order, and how many are missing; see can.c */
	struct bus_frame *heard;
	int heard_count, heard_room;
	uint32_t heard_lost;
	/* what can_send put on the bus in this attempt: each must come back as our own, or it never left */
	struct step_sent *sent;
	int sent_count,
		echo_next; /* heard frames before the latter were compared with it */
	struct step_recording
		*recording;  /* of commands of this case; NULL: none so far */
	int64_t stimulus_ns; /* the last can_send, or the beginning of the attempt */
	bool sending;        /* cyclic frames or load: tear-down stops them */
	/* arrangement B: we are the phone, and .reader and .vehicle are not used */
	struct card *card;
	struct device *device;
	const struct profile *profile;
	struct bytes
		vehicle_id; /* the name that our reader goes by; empty: it has none */
	const struct phone *phone; /* how long we think; NULL: no longer than it takes */
	struct rng *delays;
	struct relay *relay;
	bool input_unsure; /* nobody can tell whether the board did what the attempt asked of that channel */
	int standard_channel; /* of .relay: makes the vehicle ask for standard; 0: we cannot */
	int reader_fsd;       /* largest frame the reader takes, bytes */
	struct attempt *attempt;
	int64_t trial; /* of the case, from 0; warm-up counts by itself */
	bool approached, field_on, activated; /* what tear-down has to undo */
	unsigned failed; /* NEED_ bits of the roles that answered with an error */
	int64_t exchange_timeout_ns;
	int ecp;      /* how select polled, for whoever must look for the phone again */
	int card_fsc; /* largest frame the activated card takes, bytes; set by select */
	/* Sleep, serving everything that must stay alive; ERR_INTERRUPTED when somebody asks to stop. */
	int (*sleep_until)(struct step_env *env, int64_t until_ns, struct err *err);
	void *ctx; /* of sleep_until */
};

/** What of a rig the parameters of a step are held against, before anything is opened. */
struct step_rig {
	const struct dbc *dbc;                /* of its bus; NULL: none */
	const struct positioner_reach *reach; /* of its positioner; NULL: not asked */
};

/* The attempt's note about what of a log can_replay had no time to send. */
#define STEP_NOTE_UNSENT "can_replay"

#define STEP_STOP 1 /* the attempt is decided: no further step, straight to tear-down */

struct step_kind {
	const char *name;
	const char *help; /* one line, for `keybench list --steps` and the man page */
	unsigned needs;   /* NEED_… */
	/* it only makes the surroundings, and nothing is asked by it: what can be left out where the rig
	   lacks the role and the suite only wants it */
	bool stimulus;
	bool asks;                      /* by UDS: the target profile must say whom */
	const struct conf_item *params; /* NULL: none */
	size_t params_size;
	/** Before the first step of an attempt; NULL: nothing. @return 0 or an error of the bench */
	int (*prepare)(const void *params, struct step_env *env, struct err *err);
	/**
	 * What it would leave in an attempt, all going well; so that a claim nothing can support, or steps
	 * in an order that cannot work, are found before anything moves. NULL: leaves nothing, goes anywhere.
	 *
	 * @param a  what the steps before it left; the points it adds have no meaningful times
	 * @return   NULL, or why it cannot stand here
	 */
	const char *(*rehearse)(const void *params, struct attempt *a);
	/* What the table cannot do (CONF_NODE parameters), when the suite is read; NULL: nothing. */
	int (*bind)(void *params, struct err *err);
	/** @return 0, STEP_STOP, or a negative error that is the bench's fault */
	int (*run)(const void *params, struct step_env *env, struct err *err);
	/** A file it reads besides the suite, for the run folder's copies; NULL: none. */
	int (*file)(const void *params, char path[DATA_PATH_MAX], struct err *err);
	/** Do the parameters make sense on this rig? A mistake is located at @at or below. NULL: they always do. */
	int (*check)(const void *params, const struct step_rig *rig, struct node at,
		     struct err *err);
	/** Does it need a bus that carries FD frames, all being well? NULL: it does not. */
	bool (*is_fd)(const void *params, const struct dbc *dbc);
};

/** Ended by NULL. */
extern const struct step_kind *const step_kinds[];
const struct step_kind *step_find(const char *name);
/** "reader, positioner, bus" for a set of NEED_ bits. */
const char *step_needs_text(unsigned needs, char out[64]);

/**
 * Before the first step of every attempt: what came over the bus until now is forgotten, and everything from
 * now on is kept for the steps of this attempt.
 */
int step_begin(struct step_env *env, struct err *err);
/**
 * Undo what the steps of an attempt did: deselect, field off, phone away and waited for, no more frames sent. Always
 * called, whatever happened; goes on after an error. @return the first error.
 */
int step_tear_down(struct step_env *env, struct err *err);
/** At the end of a case: what the environment itself holds. */
void step_env_release(struct step_env *env);

#endif
