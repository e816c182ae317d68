#ifndef BENCH_CORE_WIRE_CANDUMP_H
#define BENCH_CORE_WIRE_CANDUMP_H

#include "bench/core/wire/canframe.h"

/*
 * candump's log files: "(1700000000.123456) can0 123#DEADBEEF", one frame a line.
 *
 * Reads what any candump -l or -L wrote: six or nine digits of a second, direction " T"
 * or " R" at the end, remote, FD and error frames, raw DLCs. Lines that do not start with
 * '(' are no frames and are skipped, as canplayer does; a damaged line is an error with
 * its number, and reading can go on after it.
 *
 * Source: can-utils' lib.c and canplayer.c, as the files they write show it.
 */
struct candump {
	struct bytes rest;
	long line; /* of the frame or the error just returned, from 1 */
	/*
	 * the reader's own: how the last lines began, and what that says; candump_at()
	 * begins it
	 */
	uint8_t second[12];
	int64_t second_ns;
	uint64_t blank;
	size_t name_len;
};

struct candump_frame {
	int64_t at_ns; /* as the file says it: since 1970, or since the log's start */
	struct bytes interface; /* borrowed from the file */
	char direction;         /* 'T', 'R', or 0 when the line does not say */
	struct canframe frame;
};

struct candump candump_at(struct bytes file);
/**
 * @return 1 a frame; 0 the end; ERR_FORMAT a line that is none (the next call goes on
 * behind it)
 */
int candump_next(struct candump *c, struct candump_frame *out);

/**
 * One line, with its newline, six digits of a second when that loses nothing, else nine.
 */
void candump_write(const struct candump_frame *f, struct buf *out);

#endif
