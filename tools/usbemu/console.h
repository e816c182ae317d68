#ifndef TOOLS_USBEMU_CONSOLE_H
#define TOOLS_USBEMU_CONSOLE_H

#include "tools/usbemu/plugs.h"

/*
 * Commands from a named pipe, one a line:
 *
 *	unplug NAME [TIME]   back after TIME, such as "200 ms"; without it not by itself
 *	plug NAME
 *	bounce NAME          back after the rig's 'away'
 *
 * NAME is a device's, or "all". What is no command is told on stderr, and in the truth log.
 */
struct console;

/** @param path  made when it is not there, and then removed by console_close */
int console_open(struct console **out, struct world *w, struct plugs *plugs,
		 const char *path, struct err *err);
void console_close(struct console *c); /* takes NULL */

/** One line. ERR_USAGE: it is no command, or nobody is called so. */
int console_obey(struct plugs *plugs, const char *line);

#endif
