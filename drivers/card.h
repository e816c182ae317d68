#ifndef DRIVERS_CARD_H
#define DRIVERS_CARD_H

#include "bench/core/buf.h"
#include "bench/core/clock.h"
#include "bench/core/conf.h"
#include "bench/core/err.h"

/*
 * The role of a card: we are the phone. A reader that is not ours finds us, sends APDUs, gets our
 * answers, and lets go.
 *
 *	card_listen      until a reader has activated us
 *	card_receive     a command …
 *	card_answer      … and its answer, again and again
 *	card_release     wait until the reader lets go; be no card any more
 *
 * What the reader or the air does is data (enum card_result, the call returns 0); what our chip or its
 * link does wrong is an error (negative). Stamps are taken in the backend, next to the wire, and each
 * says how far off it may be. One that does not lie within its call is ERR_RANGE: it is of another clock than ours.
 */
enum card_result {
	CARD_OK,
	CARD_NO_READER,  /* nobody activated us before the deadline */
	CARD_NO_COMMAND, /* activated, and then nothing came before the deadline */
	CARD_RELEASED,   /* the reader ended the session, or its field is gone */
	CARD_RF_ERROR    /* the chip says the air was bad */
};

struct card_listen {
	int64_t timeout_ns;      /* > 0 */
	enum card_result result; /* OK or NO_READER */
	int64_t activated_ns;    /* out: we know that we are activated */
	int64_t slack_ns;
};

struct card_receive {
	struct buf *command; /* appended to; untouched unless result is OK */
	int64_t timeout_ns;  /* > 0 */
	enum card_result result;
	int64_t received_ns; /* out: the command is complete in our hands */
	int64_t slack_ns;    /* out: the stamp may be this far off */
	char note[80];       /* out: the chip's words for an RF_ERROR, or "" */
};

struct card_answer {
	struct bytes answer; /* 1..CARD_MAX_ANSWER bytes; borrowed */
	int64_t timeout_ns;  /* > 0 */
	enum card_result result;
	int64_t answered_ns; /* out: the answer's last byte left the host */
	int64_t slack_ns;
	char note[80];
};

struct card_release {
	int64_t timeout_ns; /* how long to wait for the reader; >= 0 */
	enum card_result
		result; /* RELEASED: it let go; else we went: OK (it had more to say), NO_COMMAND */
	int64_t released_ns; /* out: we know it */
	int64_t slack_ns;
};

struct card_identity {
	char model[64];
	char link[64];
	char software[64];
	int fsc;        /* largest frame a reader may send us, bytes; 0: unknown */
	bool simulated; /* the path is not real hardware, whatever a rig file says */
};

struct card;

/** What a backend provides: all of it. What it cannot do answers ERR_UNSUPPORTED. */
struct card_ops {
	/** Be a card; a session that is still open is forgotten. */
	int (*listen)(struct card *c, struct card_listen *l, struct err *err);
	/** ERR_USAGE without a session: never activated, or it is over and was told so. */
	int (*receive)(struct card *c, struct card_receive *x, struct err *err);
	/** ERR_USAGE when no command waits for an answer. */
	int (*answer)(struct card *c, struct card_answer *x, struct err *err);
	/** Nothing finds us afterwards. Without a session: RELEASED at once. */
	int (*release)(struct card *c, struct card_release *x, struct err *err);
	/** As reader_ops.abort: from a signal handler, over a call that blocks. */
	int (*abort)(struct card *c, struct err *err);
	int (*identity)(struct card *c, struct card_identity *id, struct err *err);
	/** Close and open again: the second rung of recovery. We are no card afterwards. */
	int (*reopen)(struct card *c, struct err *err);
	void (*close)(struct card *c); /* once, if and only if open succeeded */
};

struct card { /* a backend embeds this as its first member */
	const struct card_ops *ops;
	struct clock *clock; /* borrowed; outlives the card */
};

/** A row of drivers/table.c. */
struct card_driver {
	const char *name;    /* as a rig file says it: "libnfc", "sim" */
	const char *summary; /* one line for `keybench drivers` */
	bool needs_worker; /* may hang or abort: only ever opened behind wrap/worker.h */
	const struct conf_item *items; /* its keys in a rig file */
	size_t options_size;           /* of the struct that items fill */
	int (*open)(struct card **out, const void *options, struct clock *clock,
		    struct err *err);
};

/** All built-in card drivers, ended by NULL. */
extern const struct card_driver *const card_drivers[];
const struct card_driver *card_driver_find(const char *name);

#define CARD_MAX_ANSWER 262

/* Short forms; they check the promises that callers make. */
int card_listen(struct card *c, struct card_listen *l, struct err *err);
int card_receive(struct card *c, struct card_receive *x, struct err *err);
int card_answer(struct card *c, struct card_answer *x, struct err *err);
int card_release(struct card *c, struct card_release *x, struct err *err);
int card_abort(struct card *c, struct err *err);
int card_reopen(struct card *c, struct err *err);
int card_identity(struct card *c, struct card_identity *id, struct err *err);
void card_close(struct card *c); /* takes NULL */
const char *card_result_name(enum card_result r);

#endif
