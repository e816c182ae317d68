#include "drivers/relay/board_contract.h"

#include "bench/core/conf.h"
#include "drivers/relay.h"
#include "drivers/tty.h"

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#define CHANNELS 4
#define PATIENCE_NS (20 * NS_PER_S)

static void must(bool ok, const char *what)
{
	if (!ok) {
		perror(what);
		abort();
	}
}

static void run(struct board_model *m, int master)
{
	for (;;) {
		uint8_t byte, room[BOARD_REPLY_MAX];
		struct buf reply = BUF_ON(room);
		struct board_order order;

		if (read(master, &byte, 1) != 1)
			_exit(1);
		if (!board_model_hear(m, byte, &order))
			continue;
		board_model_do(m, &order, &reply);
		must(write(master, reply.data, reply.len) == (ssize_t)reply.len,
		     "answering");
	}
}

/* As a rig file would say it. */
static void bind_options(struct board *b)
{
	char text[160];
	int len = snprintf(text, sizeof(text), "device: %s\nchannels: %d\n%s", b->path,
			   b->truth->channels,
			   b->truth->kind != BOARD_LCUS ? ""
			   : b->truth->answers          ? "reads_back: yes\n"
							: "reads_back: no\n");

	b->driver = relay_driver_find(board_kinds[b->truth->kind]);
	must(b->driver, "driver");
	b->options = calloc(1, b->driver->options_size);
	must(b->options &&
		     conf_parse(&b->conf, "board",
				BYTES((const uint8_t *)text, (size_t)len), NULL) == 0,
	     "parsing options");
	must(conf_bind(conf_root(b->conf), b->driver->items, b->options, NULL) == 0,
	     "binding options");
}

void board_start(struct board *b, enum board_kind kind, bool answers)
{
	board_start_with(b, kind, CHANNELS, answers);
}

void board_start_with(struct board *b, enum board_kind kind, int channels, bool answers)
{
	int master = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC), slave;
	struct board_model *m;

	must(master >= 0 && grantpt(master) == 0 && unlockpt(master) == 0, "pty");
	must(ptsname_r(master, b->path, sizeof(b->path)) == 0, "pty name");
	/* held open by the board: else its reads fail whenever nobody has the line open */
	slave = open(b->path, O_RDWR | O_NOCTTY | O_CLOEXEC);
	must(slave >= 0 && tty_raw(slave, board_baud(kind), NULL) == 0, "pty slave");
	m = mmap(NULL, sizeof(*m), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1,
		 0);
	must(m != MAP_FAILED, "shared memory");
	m->kind = kind;
	m->channels = channels;
	m->answers = answers;
	b->truth = m;
	bind_options(b);
	b->pid = fork();
	must(b->pid >= 0, "fork");
	if (b->pid == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		run(m, master);
	}
	close(master);
	close(slave);
}

void board_unplug(struct board *b)
{
	if (b->pid < 0)
		return;
	kill(b->pid, SIGKILL);
	waitpid(b->pid, NULL, 0);
	b->pid = -1;
}

void board_stop(struct board *b)
{
	board_unplug(b);
	conf_free(b->conf);
	free(b->options);
	munmap((void *)(uintptr_t)b->truth, sizeof(*b->truth));
}

bool board_becomes(const struct board *b, uint32_t wanted)
{
	struct clock *clock = clock_real();
	int64_t deadline = clock_now(clock) + PATIENCE_NS;

	while (b->truth->state != wanted) {
		if (clock_now(clock) > deadline)
			return false;
		clock->sleep_until(clock, clock_now(clock) + NS_PER_MS);
	}
	return true;
}
