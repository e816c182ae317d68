#include "drivers/positioner/axis_contract.h"

#include "bench/core/clock.h"
#include "drivers/tty.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#define PATIENCE_NS (20 * NS_PER_S)

static void must(bool ok, const char *what)
{
	if (!ok) {
		perror(what);
		abort();
	}
}

static void send_all(int fd, const struct buf *b)
{
	/* nobody may be there to read it: a line forgets */
	if (b->len && write(fd, b->data, b->len) < 0)
		return;
}

static void run(struct grbl_model *m, int master)
{
	static uint8_t room[GRBL_MODEL_REPLY];
	struct clock *clock = clock_real();
	struct buf reply = BUF_ON(room);

	grbl_model_start(m, clock_now(clock), &reply);
	for (;;) {
		struct pollfd p = { .fd = master, .events = POLLIN };
		int64_t next = grbl_model_next(m), now = clock_now(clock);
		int wait = next == GRBL_NEVER ? -1
			   : next <= now      ? 0
					      : (int)((next - now) / NS_PER_MS) + 1;
		uint8_t byte;

		buf_clear(&reply);
		if (poll(&p, 1, wait) > 0) {
			if (read(master, &byte, 1) != 1)
				_exit(1);
			grbl_model_hear(m, byte, clock_now(clock), &reply);
		}
		grbl_model_run(m, clock_now(clock), &reply);
		send_all(master, &reply);
	}
}

static void bind_options(struct axis *a, int feed)
{
	char text[240];
	int len = snprintf(text, sizeof(text),
			   "device: %s\ntap_x: -5 mm\ntap_y: -6 mm\ntap_z: -30 mm\n"
			   "away_z: -10 mm\nreach: 4 mm\nfeed: %d\nhome_limit: 20 s\n"
			   "move_limit: 20 s\n",
			   a->path, feed);

	a->driver = positioner_driver_find("grbl");
	must(a->driver, "driver");
	a->options = calloc(1, a->driver->options_size);
	must(a->options &&
		     conf_parse(&a->conf, "axis",
				BYTES((const uint8_t *)text, (size_t)len), NULL) == 0 &&
		     conf_bind(conf_root(a->conf), a->driver->items, a->options, NULL) ==
			     0,
	     "options");
}

void axis_start(struct axis *a, int feed)
{
	int master = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC), slave;
	struct grbl_model *m;

	must(master >= 0 && grantpt(master) == 0 && unlockpt(master) == 0, "pty");
	must(ptsname_r(master, a->path, sizeof(a->path)) == 0, "pty name");
	slave = open(a->path, O_RDWR | O_NOCTTY | O_CLOEXEC);
	must(slave >= 0 && tty_raw(slave, GRBL_BAUD, NULL) == 0, "pty slave");
	m = mmap(NULL, sizeof(*m), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1,
		 0);
	must(m != MAP_FAILED, "shared memory");
	*m = (struct grbl_model){
		.travel_um = { 100000, 100000, 60000 },
		.homing_ns = 20 * NS_PER_MS,
		.soft_limits = true,
		.homing = true,
		.locked_at_start = true,
		.at_um = { -3000, -3000, -30000 }, /* somebody left it in the field */
	};
	a->truth = m;
	bind_options(a, feed);
	a->pid = fork();
	must(a->pid >= 0, "fork");
	if (a->pid == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		run(m, master);
	}
	close(master);
	close(slave);
}

void axis_unplug(struct axis *a)
{
	if (a->pid < 0)
		return;
	kill(a->pid, SIGKILL);
	waitpid(a->pid, NULL, 0);
	a->pid = -1;
}

void axis_stop(struct axis *a)
{
	axis_unplug(a);
	conf_free(a->conf);
	free(a->options);
	munmap((void *)(uintptr_t)a->truth, sizeof(*a->truth));
}

void axis_place(const struct axis *a, int64_t um[GRBL_AXES])
{
	grbl_model_place((const struct grbl_model *)(uintptr_t)a->truth,
			 clock_now(clock_real()), um);
}

bool axis_is_away(const struct axis *a)
{
	int64_t um[GRBL_AXES];

	axis_place(a, um);
	return um[2] >= -10000;
}

bool axis_gets_away(const struct axis *a)
{
	struct clock *clock = clock_real();
	int64_t deadline = clock_now(clock) + PATIENCE_NS;

	while (!axis_is_away(a)) {
		if (clock_now(clock) > deadline)
			return false;
		clock->sleep_until(clock, clock_now(clock) + NS_PER_MS);
	}
	return true;
}
