#ifndef DRIVERS_TTY_H
#define DRIVERS_TTY_H

#include "bench/core/err.h"

#include <stdbool.h>

/*
 * What every driver on a serial line needs: the line for itself, and the truth about it.
 *
 * Nobody else may talk to a device that is being measured. Two locks, because each covers what the
 * other does not: flock(2) is honoured by every keybench and by root, TIOCEXCL keeps foreign programs
 * out that know nothing of us. TIOCEXCL is left out on pseudo-terminals: there it lives as long as the
 * other side keeps the terminal open, so it would outlast a killed worker and lock out its successor.
 */

#define TTY_PATH_MAX 4096
/**
 * The node of a serial line now, of what a rig calls it: a path, or a device on USB by something that stays
 * (drivers/usb.h), whose line it is. ERR_GONE: nothing like it is plugged in
 */
int tty_path(char out[TTY_PATH_MAX], const char *device, struct err *err);
/**
 * Open a serial line, raw in nobody's settings yet, and take its flock.
 *
 * @param device  as of tty_path
 * @param fd    out: non-blocking, close-on-exec, never the controlling terminal; close(2) unlocks
 * @return 0; ERR_IO (missing, no permission, not a terminal, somebody else has it); ERR_GONE when the
 *         node exists but its device does not answer any more
 */
int tty_open(int *fd, const char *device, struct err *err);
/** TIOCEXCL on or off; nothing on a pseudo-terminal. */
void tty_exclusive(int fd, bool on);
/** 8N1, raw, no flow control, HUPCL clear (closing must not toggle DTR), at @baud. */
int tty_raw(int fd, int baud, struct err *err);
/** Is the other end a program? True for pseudo-terminals, whatever anyone says. */
bool tty_is_pseudo(int fd);
/**
 * A pseudo-terminal, or a device on an emulated USB host (vhci_hcd, dummy_hcd): its results are SIMULATED.
 */
bool tty_is_simulated(int fd);
/** The same for a USB bus number. */
bool usb_bus_is_simulated(int bus);
/** The line is hung up: unplugged, or the program behind a pseudo-terminal is gone. */
bool tty_hung_up(int fd);
/** What the adapter may hold back before it hands bytes over (FTDI's latency timer), ns; 0 for none. */
long long tty_latency_ns(int fd);

#endif
