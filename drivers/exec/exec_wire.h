#ifndef DRIVERS_EXEC_EXEC_WIRE_H
#define DRIVERS_EXEC_EXEC_WIRE_H

#include "bench/core/buf.h"
#include "bench/core/err.h"
#include "drivers/card.h"
#include "drivers/reader.h"
#include "drivers/sensor.h"

/*
 * The lines between keybench and a program that is a device: keybench-exec(5). Pure.
 *
 *	request   SEQ VERB [KEY=VALUE]...
 *	answer    SEQ WORD [KEY=VALUE]... [: words for a person]
 *	comment   # anything
 *
 * Lines are ASCII, end with a newline and are at most EXEC_MAX_LINE bytes with it. Nothing that a program
 * says is believed: numbers have bounds, payloads a maximum, a key that the answer does not have is a mistake,
 * and a stamp of its own must lie between the request and the answer.
 */
#define EXEC_PROTOCOL 1
#define EXEC_MAX_LINE 2048
#define EXEC_MAX_FIELDS 12
#define EXEC_MAX_DATA 512 /* bytes of a payload */

/** Bytes from a program, cut into lines. Zero it to begin. */
struct exec_lines {
	char room[EXEC_MAX_LINE];
	size_t len;  /* held: whole lines, and the beginning of one */
	size_t line; /* length of the line given out last, with its newline */
};

/** Where the next bytes go, and how many fit; never 0 after exec_lines_next said that there is no line. */
char *exec_lines_room(struct exec_lines *l, size_t *size);
void exec_lines_added(struct exec_lines *l, size_t n);
/**
 * The next whole line, without its newline and ended by a zero; it lives until the next call.
 *
 * @return 1; 0 when there is none yet; ERR_FORMAT when it is too long or has bytes that no line has
 */
int exec_lines_next(struct exec_lines *l, char **line, struct err *err);
/** Nothing is left over, not even half a line? */
bool exec_lines_empty(const struct exec_lines *l);

struct exec_field {
	const char *key, *value;
};

/** An answer, borrowed from its line. */
struct exec_answer {
	uint32_t seq;
	const char *word; /* "ok", "no-answer" */
	struct exec_field fields[EXEC_MAX_FIELDS];
	int count;
	const char *words; /* "" without any */
};

/** Begin a request; the caller adds " key=value" and ends it with exec_request_end. */
void exec_request(struct buf *b, uint32_t seq, const char *verb);
void exec_request_data(struct buf *b, struct bytes data);
void exec_request_end(struct buf *b);

/** Take @line apart in place. ERR_FORMAT says what is wrong with it. */
int exec_parse(struct exec_answer *out, char *line, struct err *err);
/** The value of @key, or NULL. */
const char *exec_get(const struct exec_answer *a, const char *key);
/** ERR_FORMAT when it has a key that is not among @allowed (separated by blanks). */
int exec_only(const struct exec_answer *a, const char *allowed, struct err *err);

/** "error WHAT : words" into our words and code; ERR_FORMAT for any other word that is not "ok". */
int exec_expect_ok(const struct exec_answer *a, struct err *err);

/* Fields: 1 there, 0 not there, or ERR_FORMAT or ERR_RANGE. */
int exec_number(const struct exec_answer *a, const char *key, int64_t min, int64_t max,
		int64_t *out, struct err *err);
int exec_flag(const struct exec_answer *a, const char *key, bool *out, struct err *err);
/** Appended to @out. */
int exec_data(const struct exec_answer *a, const char *key, struct buf *out,
	      struct err *err);

/** Our own view of a request: what we can swear to. */
struct exec_window {
	int64_t asked_ns; /* the request left our hands */
	int64_t told_ns;  /* its answer is complete in them */
	int64_t slack_ns; /* of a moment that the program leaves to us */
};

/** Who it says that it is: the answer to hello. */
struct exec_identity {
	char model[64], software[64];
	bool simulated;
	int64_t frame;            /* reader, card: largest frame, bytes; 0: unknown */
	int64_t channels, inputs; /* relay */
	bool reads_back;
	bool places; /* positioner: it can go beside the tap, and off it */
};
int exec_take_identity(const struct exec_answer *a, const char *role,
		       struct exec_identity *out, struct err *err);

/* What the answers to a role's requests say; out-parameters as in the role's header. */
int exec_take_activation(const struct exec_answer *a, const struct exec_window *w,
			 struct reader_activation *out, struct err *err);
int exec_take_exchange(const struct exec_answer *a, const struct exec_window *w,
		       struct reader_exchange *out, struct err *err);
int exec_take_listen(const struct exec_answer *a, const struct exec_window *w,
		     struct card_listen *out, struct err *err);
int exec_take_receive(const struct exec_answer *a, const struct exec_window *w,
		      struct card_receive *out, struct err *err);
int exec_take_answered(const struct exec_answer *a, const struct exec_window *w,
		       struct card_answer *out, struct err *err);
int exec_take_release(const struct exec_answer *a, const struct exec_window *w,
		      struct card_release *out, struct err *err);
/** Bit n-1 is channel n. */
int exec_take_state(const struct exec_answer *a, int channels, uint32_t *out,
		    struct err *err);
/** Is an input active? */
int exec_take_input(const struct exec_answer *a, bool *on, struct err *err);
/** What a sensor sees, and between which moments it looked. */
int exec_take_look(const struct exec_answer *a, const struct exec_window *w,
		   struct sensor_sample *out, struct err *err);
/** Commanded, and how long until it is there. */
int exec_take_move(const struct exec_answer *a, const struct exec_window *w,
		   int64_t *commanded_ns, int64_t *travel_ns, int64_t *slack_ns,
		   struct err *err);

#endif
