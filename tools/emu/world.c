#include "tools/emu/world.h"

#include <assert.h>
#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>

#define MAX_TIMERS 128
#define MAX_WATCHES 32
/* Who sleeps until somebody writes does not know how long he was kept from reading it: he looks now and then. */
#define LOOK_NS (5 * NS_PER_MS)

struct watch {
	int fd;
	world_fd_fn *fn;
	void *ctx;
};

struct world {
	struct clock *clock;
	struct truth *truth;
	uint64_t seed, order;
	int64_t now_ns;
	bool stop;
	struct timer *heap[MAX_TIMERS + 1]; /* from 1 */
	int timers;
	struct watch watches[MAX_WATCHES];
	int watch_count;
	world_late_fn *late_fn;
	void *late_ctx;
	int64_t told_late_ns; /* of this turn of the loop */
};

int world_new(struct world **out, struct clock *clock, uint64_t seed, struct truth *truth,
	      struct err *err)
{
	struct world *w = calloc(1, sizeof(*w));

	if (!w)
		return err_set(err, ERR_NOMEM, "no memory");
	w->clock = clock;
	w->seed = seed;
	w->truth = truth;
	w->now_ns = clock_now(clock);
	*out = w;
	return 0;
}

void world_free(struct world *w)
{
	free(w);
}

int64_t world_now(const struct world *w)
{
	return w->now_ns;
}

int64_t world_clock(struct world *w)
{
	int64_t now = clock_now(w->clock);

	return now > w->now_ns ? now : w->now_ns;
}

struct clock *world_time(struct world *w)
{
	return w->clock;
}

uint64_t world_seed(const struct world *w)
{
	return w->seed;
}

struct truth *world_truth(struct world *w)
{
	return w->truth;
}

static bool before(const struct timer *a, const struct timer *b)
{
	return a->at_ns != b->at_ns ? a->at_ns < b->at_ns : a->order < b->order;
}

static void put(struct world *w, struct timer *t, int slot)
{
	w->heap[slot] = t;
	t->slot = slot;
}

static void sift(struct world *w, struct timer *t, int slot)
{
	while (slot > 1 && before(t, w->heap[slot / 2])) {
		put(w, w->heap[slot / 2], slot);
		slot /= 2;
	}
	for (;;) {
		int child = slot * 2;

		if (child < w->timers && before(w->heap[child + 1], w->heap[child]))
			child++;
		if (child > w->timers || !before(w->heap[child], t))
			break;
		put(w, w->heap[child], slot);
		slot = child;
	}
	put(w, t, slot);
}

void timer_stop(struct world *w, struct timer *t)
{
	int slot = t->slot;
	struct timer *last;

	if (!slot)
		return;
	t->slot = 0;
	last = w->heap[w->timers--];
	if (last != t)
		sift(w, last, slot);
}

void timer_set(struct world *w, struct timer *t, int64_t at_ns)
{
	timer_stop(w, t);
	assert(w->timers < MAX_TIMERS); /* every owner embeds its own: a fixed number */
	t->at_ns = at_ns > w->now_ns ? at_ns : w->now_ns;
	t->order = ++w->order;
	w->timers++;
	sift(w, t, w->timers);
}

int world_watch(struct world *w, int fd, world_fd_fn *fn, void *ctx)
{
	if (w->watch_count == MAX_WATCHES)
		return ERR_RANGE;
	w->watches[w->watch_count++] = (struct watch){ fd, fn, ctx };
	return 0;
}

void world_unwatch(struct world *w, int fd)
{
	for (int i = 0; i < w->watch_count; i++) {
		if (w->watches[i].fd != fd)
			continue;
		w->watches[i] = w->watches[--w->watch_count];
		return;
	}
}

void world_advance(struct world *w, int64_t until_ns)
{
	while (!w->stop && w->timers && w->heap[1]->at_ns <= until_ns) {
		struct timer *t = w->heap[1];

		timer_stop(w, t);
		w->now_ns = t->at_ns;
		t->fn(t->ctx);
	}
	if (!w->stop && until_ns > w->now_ns)
		w->now_ns = until_ns;
}

/*
 * Sleep until something is readable or the next event is due, LOOK_NS at most.
 *
 * @param until_ns  out: when it would have been back at the latest
 * @return poll's own
 */
static int wait_for(struct world *w, struct pollfd *fds, int64_t *until_ns)
{
	int64_t now = clock_now(w->clock), ns = LOOK_NS;
	struct timespec left;

	for (int i = 0; i < w->watch_count; i++)
		fds[i] = (struct pollfd){ .fd = w->watches[i].fd, .events = POLLIN };
	if (w->timers && w->heap[1]->at_ns < now + ns)
		ns = w->heap[1]->at_ns - now;
	ns = ns > 0 ? ns : 0;
	left = (struct timespec){ ns / NS_PER_S, ns % NS_PER_S };
	*until_ns = now + ns;
	return ppoll(fds, (nfds_t)w->watch_count, &left, NULL);
}

static void serve(struct world *w, const struct pollfd *fds, int count)
{
	for (int i = 0; i < count && !w->stop; i++) {
		if (!fds[i].revents)
			continue;
		for (int k = 0; k < w->watch_count; k++)
			if (w->watches[k].fd == fds[i].fd) {
				w->watches[k].fn(w->watches[k].ctx, fds[i].fd);
				break;
			}
	}
}

/*
 * The world runs on model time: what the machine held up is said, or nobody could tell it
 * from the phone.
 */
static void note_lateness(struct world *w)
{
	int64_t late_ns = w->timers ? clock_now(w->clock) - w->heap[1]->at_ns : 0;

	w->told_late_ns = 0;
	if (late_ns > WORLD_LATE_NS)
		truth_say(w->truth, w->heap[1]->at_ns, "late", "i:late_ns", late_ns);
	world_was_late(w, late_ns);
}

void world_was_late(struct world *w, int64_t late_ns)
{
	int64_t more_ns = late_ns - w->told_late_ns;

	if (late_ns <= WORLD_LATE_NS || more_ns <= 0)
		return;
	w->told_late_ns = late_ns;
	if (w->late_fn)
		w->late_fn(w->late_ctx, more_ns);
}

void world_on_late(struct world *w, world_late_fn *fn, void *ctx)
{
	w->late_fn = fn;
	w->late_ctx = ctx;
}

int world_run(struct world *w, struct err *err)
{
	struct pollfd fds[MAX_WATCHES];
	int64_t until_ns;

	w->stop = false;
	while (!w->stop) {
		int count = w->watch_count;
		int ready = wait_for(w, fds, &until_ns);

		if (ready < 0 && errno != EINTR)
			return err_set(err, ERR_IO, "poll: %s", strerror(errno));
		note_lateness(w);
		if (ready > 0)
			world_was_late(w, clock_now(w->clock) - until_ns);
		world_advance(w, clock_now(w->clock));
		if (ready > 0)
			serve(w, fds, count);
	}
	return 0;
}

void world_stop(struct world *w)
{
	w->stop = true;
}
