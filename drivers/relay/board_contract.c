#include "drivers/relay/board_contract.h"

#include "bench/core/conf.h"
#include "drivers/relay.h"
#include "drivers/relay/lcus_wire.h"
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

static void tell(int fd, uint32_t on)
{
	for (int i = 1; i <= CHANNELS; i++) {
		char line[LCUS_LINE_MAX];
		int len = lcus_status_line(line, i, on >> (i - 1) & 1);

		must(write(fd, line, (size_t)len) == len, "telling the state");
	}
}

static void hear(struct board_truth *t, const struct lcus_command *c)
{
	uint32_t bit = UINT32_C(1) << (c->channel - 1);

	t->sets++;
	if (c->channel > CHANNELS)
		return;
	if (c->on)
		t->on |= bit;
	else if (!t->stuck_on)
		t->on &= ~bit;
}

static void run(const struct board *b, int master)
{
	struct lcus_parser parser = { 0 };

	for (;;) {
		struct lcus_command c;
		uint8_t byte;

		if (read(master, &byte, 1) != 1)
			_exit(1);
		switch (lcus_feed(&parser, byte, &c)) {
		case LCUS_SET:
			hear(b->truth, &c);
			break;
		case LCUS_ASKED:
			if (b->answers)
				tell(master, b->truth->on);
			break;
		default:
			break;
		}
	}
}

/* As a rig file would say it. */
static void bind_options(struct board *b)
{
	const struct relay_driver *lcus = relay_driver_find("lcus");
	char text[160];
	int len =
		snprintf(text, sizeof(text), "device: %s\nchannels: %d\nreads_back: %s\n",
			 b->path, CHANNELS, b->answers ? "yes" : "no");

	b->options = calloc(1, lcus->options_size);
	must(b->options &&
		     conf_parse(&b->conf, "board",
				BYTES((const uint8_t *)text, (size_t)len), NULL) == 0,
	     "parsing options");
	must(conf_bind(conf_root(b->conf), lcus->items, b->options, NULL) == 0,
	     "binding options");
}

void board_start(struct board *b, bool answers)
{
	int master = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC), slave;

	must(master >= 0 && grantpt(master) == 0 && unlockpt(master) == 0, "pty");
	must(ptsname_r(master, b->path, sizeof(b->path)) == 0, "pty name");
	/* held open by the board: else its reads fail whenever nobody has the line open */
	slave = open(b->path, O_RDWR | O_NOCTTY | O_CLOEXEC);
	must(slave >= 0 && tty_raw(slave, 9600, NULL) == 0, "pty slave");
	b->truth = mmap(NULL, sizeof(*b->truth), PROT_READ | PROT_WRITE,
			MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	must(b->truth != MAP_FAILED, "shared memory");
	b->answers = answers;
	bind_options(b);
	b->pid = fork();
	must(b->pid >= 0, "fork");
	if (b->pid == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		run(b, master);
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
	munmap(b->truth, sizeof(*b->truth));
}

bool board_becomes(const struct board *b, uint32_t wanted)
{
	struct clock *clock = clock_real();
	int64_t deadline = clock_now(clock) + PATIENCE_NS;

	while (b->truth->on != wanted) {
		if (clock_now(clock) > deadline)
			return false;
		clock->sleep_until(clock, clock_now(clock) + NS_PER_MS);
	}
	return true;
}
