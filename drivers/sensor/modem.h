#ifndef DRIVERS_SENSOR_MODEM_H
#define DRIVERS_SENSOR_MODEM_H

#include "drivers/sensor.h"

/*
 * A modem line of a serial port: a switch between the line and a level that the adapter takes for active. The call
 * that reads the lines is handed in, for a pseudo-terminal has none and tests could not reach it.
 */
enum modem_line {
	MODEM_CTS,
	MODEM_DSR,
	MODEM_DCD,
	MODEM_RI
};

struct modem_options {
	const char *device;
	int line; /* enum modem_line */
	bool inverted;
};

/** The lines as TIOCMGET has them. @return 0, or -1 and errno */
typedef int modem_read_fn(int fd, int *lines);

/** @param fd  taken over */
int modem_open_fd(struct sensor **out, int fd, modem_read_fn *read_lines,
		  const struct modem_options *options, struct clock *clock,
		  struct err *err);

#endif
