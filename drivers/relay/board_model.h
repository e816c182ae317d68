#ifndef DRIVERS_RELAY_BOARD_MODEL_H
#define DRIVERS_RELAY_BOARD_MODEL_H

#include "bench/core/buf.h"
#include "drivers/relay/kmtronic_wire.h"
#include "drivers/relay/lcus_wire.h"
#include "drivers/relay/numato_wire.h"

/*
 * A serial relay board as the host sees it, of any kind; pure. Two steps, so that a model of time can lie
 * between them: bytes become an order when its last byte is heard, and an order is done when it has arrived.
 */
enum board_kind {
	BOARD_LCUS,
	BOARD_KMTRONIC,
	BOARD_NUMATO
};
/** As rig files say them, NULL at the end. */
extern const char *const board_kinds[];
/** Of its line; a Numato module has none, 115200 stands for it. */
int board_baud(enum board_kind kind);
int board_max_channels(enum board_kind kind);

struct board_order {
	int what; /* the kind's own enum …_heard */
	int channel;
	bool on;
	uint32_t state;
	char text[NUMATO_COMMAND_MAX];
};

/** Zero-initialise, then say what it is. */
struct board_model {
	enum board_kind kind;
	int channels;
	bool answers;    /* LCUS: newer firmware */
	uint32_t state;  /* bit n-1: the coil of channel n */
	uint32_t inputs; /* Numato: bit n-1: gpio n-1 */
	bool stuck_on;   /* a coil that is on stays on */
	uint32_t orders; /* that switched something, or would have */
	struct lcus_parser lcus;
	struct kmtronic_parser kmtronic;
	struct numato_shell numato;
};

#define BOARD_REPLY_MAX (LCUS_MAX_CHANNELS * LCUS_LINE_MAX)

/** @return true when an order is complete */
bool board_model_hear(struct board_model *m, uint8_t byte, struct board_order *out);
/** Do it; what the board says is appended to @reply, of BOARD_REPLY_MAX. */
void board_model_do(struct board_model *m, const struct board_order *o,
		    struct buf *reply);

#endif
