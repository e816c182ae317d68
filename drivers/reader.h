#ifndef DRIVERS_READER_H
#define DRIVERS_READER_H

#include "bench/core/buf.h"
#include "bench/core/clock.h"
#include "bench/core/conf.h"
#include "bench/core/err.h"

/*
 * The role of an NFC reader: a field, a card activated in it, APDUs exchanged with the card.
 *
 * What the card or the air does is data (enum reader_result, the call returns 0); what the reader
 * or its link does wrong is an error (negative). An exchange that was answered has both stamps;
 * every stamp is taken in the backend, next to the wire, and says how far off it may be. One that does not lie within
 * its call is ERR_RANGE: whatever stamped it has another clock than we have.
 */
enum reader_result {
	READER_OK,
	READER_NO_CARD,   /* nothing answered the poll before the deadline */
	READER_NO_ANSWER, /* the card was activated and fell silent */
	READER_RF_ERROR, /* CRC, parity, framing, protocol: the reader says the air was bad */
	READER_RELEASED /* the card left the field, or ended the session */
};

/** An activated ISO/IEC 14443-4 type A card. */
struct reader_card {
	uint8_t uid[10], uid_len;
	uint8_t atqa[2]; /* in the order SENS_RES is printed: 00 04 */
	uint8_t sak;
	uint8_t ats[254], ats_len; /* without TL; 0 when there is none */
};

#define READER_MAX_ANNOTATION 24
struct reader_activation {
	int64_t timeout_ns; /* poll for this long; > 0 */
	/*
	 * A frame for those who listen to the polling: sent, with a CRC, after every poll that nobody answered, and answered by
	 * nobody. Without one .annotation_len is 0. A reader that cannot answers ERR_UNSUPPORTED.
	 */
	uint8_t annotation[READER_MAX_ANNOTATION], annotation_len;
	int64_t period_ns; /* from one poll to the next, at least; 0: as the reader can */
	struct reader_card card;
	enum reader_result result; /* OK or NO_CARD */
	int64_t first_ns;          /* out: the first poll began */
	int64_t started_ns;        /* out: the successful poll began */
	int64_t activated_ns; /* out: the card's last activation answer is in our hands */
	int64_t slack_ns;
};

struct reader_exchange {
	struct bytes command; /* 1..261 bytes, without CRC; borrowed */
	struct buf *answer;   /* appended to; untouched unless result is OK */
	int64_t timeout_ns;   /* counted from the call; > 0 */
	enum reader_result result;
	int64_t sent_ns;     /* out: last command byte left the host */
	int64_t answered_ns; /* out: answer complete in our hands */
	int64_t slack_ns;    /* out: either stamp may be this far off */
	char note
		[80]; /* out: the reader's own words for a result that is not OK, or "" */
};

struct reader_identity {
	char model[64];    /* "PN532 firmware 1.6" */
	char link[64];     /* "pn532_uart:/dev/ttyUSB0:115200" */
	char software[64]; /* "libnfc 1.8.0" */
	int fsd;        /* largest frame its RATS lets a card send, bytes; 0: unknown */
	bool simulated; /* the path is not real hardware, whatever a rig file says */
};

struct reader;

/** What a backend provides: all of it. What it cannot do answers ERR_UNSUPPORTED. */
struct reader_ops {
	/** On: carrier up and at least 5 ms old when it returns. Off: every card is forgotten. */
	int (*set_field)(struct reader *r, bool on, struct err *err);
	/** Poll type A until a card is activated (RATS included) or the time is over. */
	int (*activate)(struct reader *r, struct reader_activation *a, struct err *err);
	/** One APDU; ISO-DEP blocks, chaining and WTX are the reader's business. */
	int (*exchange)(struct reader *r, struct reader_exchange *x, struct err *err);
	/** One raw frame, CRC added and checked by the reader. */
	int (*raw)(struct reader *r, struct reader_exchange *x, struct err *err);
	/** S(DESELECT); a card that is already gone is no error. */
	int (*deselect)(struct reader *r, struct err *err);
	/**
	 * Make a call of this reader that blocks return soon. A worker runs it from a signal handler,
	 * over the call that blocks, and again until that returns: async-signal-safe, in spirit.
	 */
	int (*abort)(struct reader *r, struct err *err);
	int (*identity)(struct reader *r, struct reader_identity *id, struct err *err);
	/** Close and open again: the second rung of recovery. The field is off afterwards. */
	int (*reopen)(struct reader *r, struct err *err);
	void (*close)(struct reader *r); /* once, if and only if open succeeded */
};

struct reader { /* a backend embeds this as its first member */
	const struct reader_ops *ops;
	struct clock *clock; /* borrowed; outlives the reader */
};

/** A row of drivers/table.c. */
struct reader_driver {
	const char *name;    /* as a rig file says it: "libnfc", "sim" */
	const char *summary; /* one line for `keybench drivers` */
	bool needs_worker; /* may hang or abort: only ever opened behind wrap/worker.h */
	const struct conf_item *items; /* its keys in a rig file */
	size_t options_size;           /* of the struct that items fill */
	int (*open)(struct reader **out, const void *options, struct clock *clock,
		    struct err *err);
};

/** All built-in reader drivers, ended by NULL. */
extern const struct reader_driver *const reader_drivers[];
const struct reader_driver *reader_driver_find(const char *name);

#define READER_MAX_COMMAND 261

/* Short forms; they check the promises that callers make. */
int reader_set_field(struct reader *r, bool on, struct err *err);
int reader_activate(struct reader *r, struct reader_activation *a, struct err *err);
int reader_exchange(struct reader *r, struct reader_exchange *x, struct err *err);
int reader_raw(struct reader *r, struct reader_exchange *x, struct err *err);
int reader_deselect(struct reader *r, struct err *err);
int reader_abort(struct reader *r, struct err *err);
int reader_reopen(struct reader *r, struct err *err);
int reader_identity(struct reader *r, struct reader_identity *id, struct err *err);
void reader_close(struct reader *r); /* takes NULL */
const char *reader_result_name(enum reader_result r);

#endif
