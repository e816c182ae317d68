#ifndef SUITES_STEPS_STIMULUS_H
#define SUITES_STEPS_STIMULUS_H

#include "bench/core/buf.h"
#include "fixtures/proto/apdu.h"
#include "fixtures/vehicle/hostile.h"
#include "suites/step.h"

/*
 * A stimulus: one command as a suite describes it, what is altered in it, and how it must be answered. All of that
 * is data; the steps apdu and attack share the keys.
 */
#define STIMULUS_MAX_EDITS 8
#define STIMULUS_MAX_ANSWERS 4
#define STIMULUS_MAX_TIMES 300

enum edit_what {
	EDIT_CLA,
	EDIT_INS,
	EDIT_P1,
	EDIT_P2,
	EDIT_LC, /* alone: the data stay as they are */
	EDIT_LE,
	EDIT_FLIP,
	EDIT_CUT,    /* off the data; Lc follows */
	EDIT_LOSE,   /* off the end of the whole command */
	EDIT_EXTEND, /* behind the data; Lc follows */
	EDIT_DROP,   /* of TLVs, from here on */
	EDIT_TWICE,
	EDIT_REVERSE, /* all of them, last to first */
	EDIT_VALUE,
	EDIT_LENGTH, /* its length field, as it is written */
	EDIT_POINT,
	EDIT_SIGNATURE
};

enum link_break {
	BREAK_NOT,
	BREAK_DESELECT,
	BREAK_FIELD
};

struct edit {
	enum edit_what what;
	int64_t number,
		bit; /* byte of the data, from the end when negative; or how many bytes */
	struct bytes hex; /* the new bytes */
	struct bytes tag; /* of a TLV: one or two bytes */
	int form;         /* of POINT and SIGNATURE */
	bool all;
};

struct stimulus {
	struct bytes send, plain;
	int command, replay; /* 0: not said; else 1 + enum forged */
	int64_t skip, times;
	struct node alter_at, answer_at;
	const char *shape;
	bool fresh;
	int broken; /* no command at all: the link is; BREAK_… */
	/* made by stimulus_bind */
	struct edit edits[STIMULUS_MAX_EDITS];
	int edit_count;
	const char *answers[STIMULUS_MAX_ANSWERS];
	int answer_count;
};

extern const char *const stimulus_commands[]; /* none, select … for conf items */

/* For a table of conf items whose struct begins with a struct stimulus. */
#define STIMULUS_ITEMS \
	{ "command", \
	  CONF_CHOICE, \
	  offsetof(struct stimulus, command), \
	  "none", \
	  "a good command that belongs to no session", \
	  0, \
	  0, \
	  stimulus_commands }, \
		{ "replay", \
		  CONF_CHOICE, \
		  offsetof(struct stimulus, replay), \
		  "none", \
		  "the last such command of this case, byte for byte", \
		  0, \
		  0, \
		  stimulus_commands }, \
		{ "send",           CONF_HEX,      offsetof(struct stimulus, send), \
		  CONF_ABSENT,      "these bytes", 0, \
		  APDU_MAX_COMMAND, NULL }, \
		{ "alter", \
		  CONF_NODE, \
		  offsetof(struct stimulus, alter_at), \
		  CONF_ABSENT, \
		  "what is altered in the command: a list", \
		  0, \
		  0, \
		  NULL }, \
		{ "answer", \
		  CONF_NODE, \
		  offsetof(struct stimulus, answer_at), \
		  CONF_ABSENT, \
		  "the status words that are right: a name or a list", \
		  0, \
		  0, \
		  NULL }, \
		{ "data", \
		  CONF_TEXT, \
		  offsetof(struct stimulus, shape), \
		  CONF_ABSENT, \
		  "what the answer's data look like", \
		  0, \
		  0, \
		  NULL }, \
	{ \
		"fresh", CONF_BOOL, offsetof(struct stimulus, fresh), "no", \
			"no long value of an earlier answer of this case comes back", 0, \
			0, NULL \
	}

/** What the table cannot do. @return 0 or a located mistake */
int stimulus_bind(struct stimulus *s, struct err *err);
/**
 * Alter a command as the list says.
 * @return 0; ERR_RANGE: it has no such byte or TLV, or it becomes too long; or the vehicle's error
 */
int stimulus_alter(const struct stimulus *s, struct vehicle *v, struct buf *command,
		   struct err *err);
/**
 * The bytes to send: of its own command, or of @given, altered.
 * @param given  in whose place it goes; NULL: it must have a command of its own
 */
int stimulus_build(const struct stimulus *s, struct step_env *env,
		   const struct buf *given, struct buf *command, struct err *err);
/**
 * Send it and hold the answer against what is expected; a complaint when it is not met.
 *
 * @param what    its name in the points and in complaints
 * @param answer  cleared first; the whole answer
 * @return 0 met, STEP_STOP not met or no answer, or an error of the bench
 */
int stimulus_ask(const struct stimulus *s, struct step_env *env, const char *what,
		 struct bytes command, struct buf *answer, struct err *err);
/** A refusal: an error status and no data. */
bool stimulus_is_refusal(struct bytes answer, const struct profile *p);

/** Does it match the pattern? -1: it is none. "86 41 ??*65": hex bytes, ?? any byte, *n repeated. */
int shape_match(const char *shape, struct bytes data);
/** A status word of the profile by its name, or four digits, x for any. @return 1, 0, or -1: no such name */
int status_match(const char *name, uint16_t sw, const struct profile *p);

/** Keep a command that was sent and its answer, the last of each kind, for replay and fresh. @return 0 or ERR_NOMEM */
int stimulus_keep(struct step_env *env, struct bytes command, struct bytes answer,
		  struct err *err);
/** Another case begins: what was kept goes. */
void stimulus_forget(struct step_env *env);

#endif
