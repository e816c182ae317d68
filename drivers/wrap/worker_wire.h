#ifndef DRIVERS_WRAP_WORKER_WIRE_H
#define DRIVERS_WRAP_WORKER_WIRE_H

#include "drivers/card.h"
#include "drivers/positioner.h"
#include "drivers/reader.h"
#include "drivers/relay.h"

/*
 * What goes over the socket pair between the controller and a worker.
 *
 * Both ends are the same program on the same machine, so messages are structs. They are
 * checked all the same: a worker is where a C library with known memory errors lives.
 * Every answer carries the sequence number of its request; a late one is recognised by it
 * and dropped.
 */
enum worker_op {
	WORKER_HEARTBEAT, /* no answer */
	WORKER_OPEN,      /* no request: the worker's first answer */
	WORKER_CLOSE,     /* no answer: the socket ends */
	WORKER_SET_FIELD,
	WORKER_ACTIVATE,
	WORKER_EXCHANGE,
	WORKER_RAW,
	WORKER_DESELECT,
	WORKER_REOPEN,
	WORKER_READER_IDENTITY,
	WORKER_LISTEN,
	WORKER_RECEIVE,
	WORKER_ANSWER,
	WORKER_RELEASE,
	WORKER_CARD_IDENTITY,
	WORKER_SET,
	WORKER_ALL_OFF,
	WORKER_READ,
	WORKER_INPUT,
	WORKER_RELAY_IDENTITY,
	WORKER_MOVE,
	WORKER_SETTLE,
	WORKER_PLACE, /* what a positioner believes of itself */
	WORKER_PROBE,
	WORKER_POSITIONER_IDENTITY,
	WORKER_OP_COUNT
};

/* The longest command or answer; libnfc's own limit is 264. */
#define WORKER_MAX_DATA 1024
#define WORKER_OPEN_SEQ 1u

struct worker_exchange {
	int64_t timeout_ns, sent_ns, answered_ns, slack_ns;
	uint32_t result;
	char note[80];
	uint32_t len;
	uint8_t data[WORKER_MAX_DATA]; /* last: only .len bytes travel */
};

/* WORKER_RECEIVE: the answer brings the data. WORKER_ANSWER: the request does. */
struct worker_apdu {
	int64_t timeout_ns, at_ns, slack_ns;
	uint32_t result;
	char note[80];
	uint32_t len;
	uint8_t data[WORKER_MAX_DATA]; /* last: only .len bytes travel */
};

struct worker_identity {
	char model[64], link[64], software[64];
	int32_t channels, fsd; /* .fsd: a card's .fsc */
	uint8_t reads_back, simulated;
};

struct worker_set {
	int32_t channel;
	uint8_t on;
};

/* A move as it is asked for, and the stamps of the answer. */
struct worker_move {
	int64_t x_um, y_um, z_um;
	int64_t commanded_ns, settled_ns, slack_ns;
	uint8_t tap, not_yet;
};

/**
 * One message. What of .u is meant, and travels, follows from .op, .rc and the direction.
 */
struct worker_message {
	uint32_t seq;
	uint16_t op;
	int16_t rc; /* of an answer: 0 or an enum err_code, then .u.text */
	union {
		char text[320];
		struct worker_set
			set; /* WORKER_SET, _INPUT, _PROBE; .on also of _SET_FIELD */
		struct reader_activation activation;
		struct worker_exchange exchange;
		struct card_listen listen;
		struct worker_apdu apdu;
		struct card_release release;
		struct worker_identity identity; /* a positioner's .reads_back: offsets */
		struct worker_move move;
		uint32_t state;
	} u;
};

/** All zero but for the head. */
void worker_message_init(struct worker_message *m, enum worker_op op, uint32_t seq);
/** Bytes of it that travel. */
size_t worker_message_size(const struct worker_message *m);
/** Received @len bytes into @m: is it whole and within its limits? Ends its strings. */
bool worker_message_ok(struct worker_message *m, size_t len);

void worker_put_exchange(struct worker_message *m, const struct reader_exchange *x);
/** As the request asks; @out borrows the bytes from @m. */
void worker_take_request(const struct worker_message *m, struct reader_exchange *out);
/** The answer to @x into @m; ERR_RANGE when it is longer than WORKER_MAX_DATA. */
int worker_put_answer(struct worker_message *m, const struct reader_exchange *x,
		      struct err *err);
/** The answer in @m into @x; ERR_RANGE when @x has no room for it. */
int worker_take_answer(const struct worker_message *m, struct reader_exchange *x,
		       struct err *err);

/* The same four steps for a card. */
void worker_put_receive(struct worker_message *m, const struct card_receive *x);
/** The command in @m into @x; ERR_RANGE when @x has no room for it. */
int worker_take_command(const struct worker_message *m, struct card_receive *x,
			struct err *err);
/** What came of @x into @m; ERR_RANGE when it is longer than WORKER_MAX_DATA. */
int worker_put_command(struct worker_message *m, const struct card_receive *x,
		       struct err *err);
void worker_put_card_answer(struct worker_message *m, const struct card_answer *x);
void worker_take_card_answer(const struct worker_message *m, struct card_answer *x);

/** @return 0, or -1 and errno; never blocks, never raises SIGPIPE */
int worker_send(int fd, const struct worker_message *m);
/**
 * @return 1 a message, 0 the other end is gone, -1 and errno (EAGAIN: nothing there); a
 *         message that is not whole is -1 and EBADMSG
 */
int worker_receive(int fd, struct worker_message *m);
/**
 * The same, but waits for a message; EINTR is -1 here, for a signal may mean that nothing
 * else will come.
 */
int worker_wait(int fd, struct worker_message *m);

#endif
