#ifndef DRIVERS_BUS_H
#define DRIVERS_BUS_H

#include "bench/core/clock.h"
#include "bench/core/conf.h"
#include "bench/core/err.h"
#include "bench/core/wire/canframe.h"
#include "bench/core/wire/tp.h"

/*
 * The role of a CAN bus: frames go out, and every frame of the bus comes in, with the moment it ended on the
 * wire. A bus may be opened as often as wanted; each is a node of its own.
 *
 * Frames that arrive while nobody receives are kept (BUS_KEEPS of them), as long as the pump turns. What did
 * not fit is counted and told with the next frame: nothing is ever lost in silence.
 */
#define BUS_KEEPS 16384

enum bus_result {
	BUS_OK,
	BUS_NONE, /* nothing came before the deadline */
	BUS_FULL  /* what was queued before has not left yet; try again */
};

struct bus_frame {
	struct canframe frame;
	int64_t at_ns;    /* its last bit was over, on ->clock */
	int64_t slack_ns; /* the stamp may be this far off */
	bool own;         /* sent by this very bus: it is out */
	uint32_t
		lost; /* frames that came before this one, and could not be kept; filled in with
			     BUS_NONE too */
};

struct bus_identity {
	char model[64];
	char link[112];
	char module
		[200]; /* what the module that is asked says of itself; "": none is asked */
	int64_t bitrate;      /* bit/s; 0: unknown */
	int64_t data_bitrate; /* of FD frames that switch to it; 0: unknown */
	bool fd;              /* carries FD frames */
	bool launches;        /* honours launch times by itself, to the bit */
	bool simulated;
};

struct bus;

/** What a backend provides: all of it. What it cannot do answers ERR_UNSUPPORTED. */
struct bus_ops {
	/**
	 * Queue a frame; returns without waiting for the bus.
	 *
	 * @param launch_ns  it competes for the bus from then on; 0 or in the past: now. Frames of one bus leave
	 *                   in the order of their sends. In the future only where identity says .launches
	 */
	int (*send)(struct bus *b, const struct canframe *f, int64_t launch_ns,
		    enum bus_result *result, struct err *err);
	/**
	 * As many of @count frames as go now, in order, as by so many sends without a launch time; NULL: that is how it is done.
	 *
	 * @param sent  out: the first of them that did not go, also with an error
	 */
	int (*send_many)(struct bus *b, const struct canframe *f, int count, int *sent,
			 struct err *err);
	/** The next frame; own ones too. A deadline in the past: what is here, or nothing. */
	int (*receive)(struct bus *b, struct bus_frame *f, int64_t deadline_ns,
		       enum bus_result *result, struct err *err);
	/** Forget what waits to be sent. */
	int (*flush)(struct bus *b, struct err *err);
	/** Readable when something came; -1: there is none. For a poll loop without a pump. */
	int (*fd)(struct bus *b);
	int (*identity)(struct bus *b, struct bus_identity *id, struct err *err);
	/**
	 * A socket of the machine's own ISO-TP on this wire (drivers/can/isotp.h); the caller closes it. ERR_UNSUPPORTED:
	 * it has none, and messages are made of frames (bench/core/wire/tp.h).
	 *
	 * @return a descriptor, or negative
	 */
	int (*isotp)(struct bus *b, const struct tp_options *o, struct err *err);
	void (*close)(struct bus *b); /* once, if and only if open succeeded */
};

struct bus { /* a backend embeds this as its first member */
	const struct bus_ops *ops;
	struct clock *clock; /* borrowed; outlives the bus */
};

struct pump;

struct bus_parts {
	struct pump *
		pump; /* served while it waits, and keeps frames meanwhile; may be NULL */
	bool deaf; /* hears of its own frames only, perhaps with coarse stamps: a sender */
};

/** A row of drivers/table.c. */
struct bus_driver {
	const char *name; /* "vbus", "sim" */
	const char *summary;
	const struct conf_item *items;
	size_t options_size;
	int (*open)(struct bus **out, const void *options, const struct bus_parts *parts,
		    struct clock *clock, struct err *err);
};

/** All built-in bus drivers, ended by NULL. */
extern const struct bus_driver *const bus_drivers[];
const struct bus_driver *bus_driver_find(const char *name);

/* Short forms; they check the promises that callers make. */
int bus_send(struct bus *b, const struct canframe *f, int64_t launch_ns,
	     enum bus_result *result, struct err *err);
int bus_send_many(struct bus *b, const struct canframe *f, int count, int *sent,
		  struct err *err);
int bus_receive(struct bus *b, struct bus_frame *f, int64_t deadline_ns,
		enum bus_result *result, struct err *err);
int bus_flush(struct bus *b, struct err *err);
int bus_fd(struct bus *b);
int bus_identity(struct bus *b, struct bus_identity *id, struct err *err);
int bus_isotp(struct bus *b, const struct tp_options *o, struct err *err);
void bus_close(struct bus *b); /* takes NULL */
const char *bus_result_name(enum bus_result r);

/*
 * Frames kept by a backend until somebody receives them: a ring that counts what does not fit.
 */
struct bus_ring {
	struct bus_frame *frames;
	int size, first, count;
	uint32_t lost; /* since the last that was kept */
};
int bus_ring_init(struct bus_ring *r, int size);
void bus_ring_release(struct bus_ring *r);
void bus_ring_put(struct bus_ring *r, const struct bus_frame *f);
/** False when empty: then @f has .lost alone. */
bool bus_ring_take(struct bus_ring *r, struct bus_frame *f);

/**
 * For a backend on a descriptor: wait until something is there. @param pump  serves everybody else
 * meanwhile; NULL: nobody else waits
 *
 * @return 0 (look again, also after a signal), ERR_TIMEOUT, or what pump_wait says
 */
int bus_wait_readable(struct pump *pump, int fd, struct clock *clock, int64_t deadline_ns,
		      struct err *err);

#endif
