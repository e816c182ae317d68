#ifndef DRIVERS_POSITIONER_GRBL_LINK_H
#define DRIVERS_POSITIONER_GRBL_LINK_H

#include "bench/core/clock.h"
#include "bench/core/err.h"
#include "drivers/positioner/grbl_wire.h"

/*
 * A conversation with GRBL over an open serial line: lines and their answers, status, hold, reset. Every call is
 * bounded (GRBL_ANSWER_LIMIT_NS a question; grbl_wake longer). ERR_GONE: the line is hung up.
 */
#define GRBL_BANNER_LIMIT_NS (2500 * NS_PER_MS) /* with an Arduino's boot loader */
#define GRBL_ANSWER_LIMIT_NS (300 * NS_PER_MS)

struct grbl_link {
	int fd;
	struct clock *clock; /* of the stamps */
	struct grbl_lines lines;
	int unanswered;               /* lines that wait for their ok */
	int error;                    /* the last error:n since it was cleared, or 0 */
	bool banner;                  /* it said one since this was cleared */
	struct grbl_report status;    /* the last one */
	int64_t status_ns, before_ns; /* when it came; when it was asked for */
	int64_t at_um[GRBL_AXES];     /* as the last status said */
};

/** Stop whatever goes on, reset, wait for the banner. */
int grbl_wake(struct grbl_link *g, struct err *err);
/** ERR_USAGE: it has no soft limits or no homing. */
int grbl_check_settings(struct grbl_link *g, struct err *err);
int grbl_send(struct grbl_link *g, const char *bytes, size_t len, struct err *err);
int grbl_send_byte(struct grbl_link *g, enum grbl_realtime byte, struct err *err);
/** A line, answered with ok. */
int grbl_tell(struct grbl_link *g, const char *line, struct err *err);
/** What it said by itself; an alarm or a start by itself is an error. */
int grbl_take_in(struct grbl_link *g, struct err *err);
/** .status, .status_ns and .at_um anew. */
int grbl_ask_status(struct grbl_link *g, struct err *err);
/** Hold, wait until it stands, reset: what was planned is forgotten, no step is lost. */
int grbl_stop_short(struct grbl_link *g, struct err *err);
/**
 * Out of whatever it is in, a hold or an alarm, with a reset: it takes commands again, the way home at least. Takes up to
 * twice GRBL_ANSWER_LIMIT_NS.
 */
int grbl_start_over(struct grbl_link *g, struct err *err);
/** Says what alarm @number is (0: unknown). @return ERR_IO */
int grbl_alarmed(int number, struct err *err);

#endif
