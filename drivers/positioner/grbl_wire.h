#ifndef DRIVERS_POSITIONER_GRBL_WIRE_H
#define DRIVERS_POSITIONER_GRBL_WIRE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * The line protocol of GRBL 1.1, the firmware of small stepper axes; pure.
 *
 * A line ends with LF and is answered by "ok" or "error:n"; "ALARM:n" locks the axis until $X or $H. Single bytes act
 * at once and are not part of a line. Lengths are mm with decimals on the wire, and um here.
 * Source: GRBL 1.1 as published (its wiki "Interface" and "Commands").
 */
#define GRBL_BAUD 115200
#define GRBL_COMMAND_MAX 80 /* what it takes in a line */
#define GRBL_LINE_MAX 128   /* what it says in one; longer lines are cut */
#define GRBL_AXES 3

enum grbl_realtime {
	GRBL_ASK = '?',
	GRBL_HOLD = '!',
	GRBL_RESUME = '~',
	GRBL_RESET = 0x18,
	GRBL_JOG_CANCEL = 0x85
};

enum grbl_state {
	GRBL_IDLE,
	GRBL_RUN,
	GRBL_HOLDING,
	GRBL_JOG,
	GRBL_ALARMED,
	GRBL_DOOR,
	GRBL_CHECK,
	GRBL_HOMING,
	GRBL_SLEEP,
	GRBL_STATES
};
/** As a status says it: "Idle". */
extern const char *const grbl_state_names[GRBL_STATES];

enum grbl_kind {
	GRBL_OTHER, /* feedback, echoes, empty lines */
	GRBL_OK,
	GRBL_ERROR,
	GRBL_ALARM,
	GRBL_STATUS,
	GRBL_BANNER,
	GRBL_SETTING
};

struct grbl_report {
	enum grbl_kind kind;
	int number;      /* of an error, alarm or setting */
	int64_t value_m; /* of a setting, thousandths */
	/* of a status */
	enum grbl_state state;
	int substate; /* Hold:0 is at rest; -1: none */
	bool has_machine, has_work, has_offset;
	int64_t machine_um[GRBL_AXES], work_um[GRBL_AXES], offset_um[GRBL_AXES];
	bool probe; /* its input is active */
};

/** Bytes to lines. Zero-initialise. @return true when .text is a line, without its end */
struct grbl_lines {
	char text[GRBL_LINE_MAX];
	size_t len;
	bool ended;
};
bool grbl_line_feed(struct grbl_lines *l, uint8_t byte);

/** @return 0; ERR_FORMAT: it begins like a report and is none */
int grbl_parse(const char *line, struct grbl_report *out);

/** A straight move to a place of the machine, at @feed mm/min. @return its length, LF included */
int grbl_build_move(char out[GRBL_COMMAND_MAX], const int64_t to_um[GRBL_AXES],
		    int64_t feed);

/** "-1.250" → -1250. Up to three decimals count. @return past the number, NULL: there is none, or it is absurd */
const char *grbl_read_mm(const char *s, int64_t *um);

/** What an error or alarm means, for a person; "" when unknown. */
const char *grbl_error_text(int number);
const char *grbl_alarm_text(int number);

#endif
