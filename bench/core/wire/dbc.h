#ifndef BENCH_CORE_WIRE_DBC_H
#define BENCH_CORE_WIRE_DBC_H

#include "bench/core/buf.h"
#include "bench/core/err.h"
#include "bench/core/wire/canframe.h"

/*
 * DBC: what the bytes of a CAN frame mean.
 *
 * Read are BO_, SG_ (multiplexed, nested too), SG_MUL_VAL_, SIG_VALTYPE_ and VAL_;
 * everything else a DBC may hold is passed over. A mistake is "file:line:col: what" with
 * its line and a caret (err.excerpt): a signal that does not lie in its frame, a
 * multiplexed one without a multiplexor, a name given twice.
 *
 * Bit numbering: byte * 8 + bit, bit 0 the least significant. Little-endian ("1"): the
 * start is the least significant bit of the signal, which grows upwards. Big-endian
 * ("0"): the start is the most significant one; below bit 0 of a byte comes bit 7 of the
 * next.
 *
 * Source: the layout as Vector's tools write it, from public descriptions (inferred);
 * test vectors compared with canmatrix 0.9.5.
 */
#define DBC_MAX_BYTES (4 << 20)
#define DBC_MAX_MESSAGES 4096
#define DBC_MAX_SIGNALS 1024 /* of one message */

enum dbc_type {
	DBC_UNSIGNED,
	DBC_SIGNED,
	DBC_FLOAT, /* IEEE 754, 32 bits */
	DBC_DOUBLE
};

struct dbc_range { /* of multiplexor values, both ends included */
	uint64_t from, to;
};

struct dbc_label {
	uint64_t raw; /* as many bits as the signal has */
	const char *text;
};

struct dbc_signal {
	const char *name, *unit;
	int start, length; /* bits; length 1..64 */
	bool big_endian;
	int bytes; /* a frame must have to hold it */
	enum dbc_type type;
	double factor, offset; /* physical = raw * factor + offset; factor is not 0 */
	double min, max;       /* physical; both 0: no limit but the bits */
	bool multiplexor;
	int parent; /* the signal that selects this one, or -1: always there */
	struct dbc_range *ranges; /* of the parent's raw value */
	int range_count;
	struct dbc_label *labels;
	int label_count;
	int line, column; /* in the file */
};

struct dbc_message {
	uint32_t id;
	bool extended;
	const char *name;
	int length; /* bytes, 0..64 */
	struct dbc_signal *signals;
	int signal_count;
	struct dbc_cut *cuts; /* of .signals, for dbc_decode() */
	int plain_count;      /* of .cuts: in every frame */
};

struct dbc {
	char *name;
	struct dbc_message *messages;
	int message_count;
	uint16_t *index; /* for dbc_message_of() */
	int index_bits;
	struct buf text; /* as read */
};

/**
 * Parse @text as if it stood in the file @name. ERR_FORMAT or ERR_NOMEM. Free with
 * dbc_free.
 */
int dbc_parse(struct dbc **out, const char *name, struct bytes text, struct err *err);
/**
 * The same of the file @path; ERR_IO (missing), ERR_FORMAT (a directory), ERR_RANGE (too
 * long) besides.
 */
int dbc_read(struct dbc **out, const char *path, struct err *err);
void dbc_free(struct dbc *d); /* takes NULL */

/** NULL when there is none. */
const struct dbc_message *dbc_message(const struct dbc *d, const char *name);
/**
 * The message a frame carries, by its identifier; NULL: none, or the frame is remote or
 * an error.
 */
const struct dbc_message *dbc_message_of(const struct dbc *d, const struct canframe *f);
const struct dbc_signal *dbc_signal(const struct dbc_message *m, const char *name);

/**
 * The bits of a signal, the sign not extended.
 *
 * @param data  of a frame that is long enough (s->bytes); its array is readable to the
 *   end in any case
 */
uint64_t dbc_get(const struct dbc_signal *s, const uint8_t data[CANFRAME_MAX_DATA]);
/** Put the low bits of @raw there; no other bit changes. */
void dbc_put(const struct dbc_signal *s, uint8_t *data, uint64_t raw);

/**
 * Is the signal in this frame: long enough, and selected by its multiplexors, however
 * deep?
 */
bool dbc_present(const struct dbc_message *m, const struct dbc_signal *s,
		 const struct canframe *f);

struct dbc_value {
	const struct dbc_signal *signal;
	uint64_t raw; /* as dbc_get() gives it */
	double physical;
};
/**
 * Every signal that is in a frame of message @m, first those in every frame: as
 * dbc_present(), dbc_get() and dbc_physical() say one by one, but quickly.
 *
 * @param out  room for m->signal_count values, whatever the frame holds
 * @return how many there are
 */
int dbc_decode(const struct dbc_message *m, const struct canframe *f,
	       struct dbc_value *out);
/** A signed raw value with its sign. */
int64_t dbc_extend(const struct dbc_signal *s, uint64_t raw);
double dbc_physical(const struct dbc_signal *s, uint64_t raw);
/**
 * The raw value for a physical one: rounded to the nearest, halves away from zero; then
 * it must fit the bits and lie within [min|max].
 *
 * @return 0, or ERR_RANGE with the range in @err
 */
int dbc_raw(const struct dbc_signal *s, double physical, uint64_t *raw, struct err *err);
/**
 * The raw value a text stands for: a label of the signal ("Unlocked"), or a number in
 * physical units.
 *
 * @return 0; ERR_FORMAT neither, with what is allowed; ERR_RANGE
 */
int dbc_raw_of_text(const struct dbc_signal *s, const char *text, uint64_t *raw,
		    struct err *err);
/** The label of a raw value, or NULL. */
const char *dbc_label(const struct dbc_signal *s, uint64_t raw);
/** "Unlocked (1)", "12.5 km/h": for a person. @return @out */
char *dbc_text(const struct dbc_signal *s, uint64_t raw, char *out, size_t size);

/** An empty frame of message @m: all bits zero. */
void dbc_frame(const struct dbc_message *m, struct canframe *f);

#endif
