#include "drivers/can/cyclic.h"

#include "bench/core/pump.h"
#include "drivers/wrap/worker_child.h"

#include <assert.h>
#include <errno.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#define ANSWER_LIMIT_NS (10 * NS_PER_S)
#define RETRY_NS NS_PER_MS
#define BATCH 64
/* How much earlier than due the helper wakes up, to wait for the moment without sleeping. */
#define LEAD_MIN_NS (20 * NS_PER_US)
#define LEAD_MAX_NS (300 * NS_PER_US)
#define PRIORITY 50

enum stream {
	FRAMES,
	LOAD,
	REPLAY,
	STREAMS
};

enum order_type {
	ORDER_OPEN, /* answered by the helper as soon as its buses are open */
	ORDER_ADD,
	ORDER_REPLAY, /* a descriptor comes along: the frames, .count of them */
	ORDER_STOP
};

/* Both ends are the same program: plain structs cross the socket pair. */
struct order {
	enum order_type type;
	uint32_t seq;
	enum stream stream;
	struct canframe frame;
	int64_t period_ns, first_ns;
	uint64_t count;
};

struct answer {
	int rc;
	uint32_t seq; /* of the order; 0: the buses are open, or are not */
	struct cyclic_count count[STREAMS];
	char text[200];
};

struct process {
	struct cyclic base;
	struct pump *pump;
	pid_t pid;
	int pidfd, socket;
	uint32_t seq;
};

static const struct cyclic_ops process_ops;

static struct process *process_of(struct cyclic *c)
{
	assert(c->ops == &process_ops);
	return (struct process *)c;
}

/* The helper. */
struct slot { /* of the replay: its next frame */
	bool used;
	enum stream stream;
	struct canframe frame;
	int64_t period_ns, due_ns;
};

struct helper {
	const struct bus_driver *driver;
	const void *options;
	struct clock *clock;
	struct bus *bus[STREAMS];
	int64_t ahead_ns, lead_ns;
	struct slot slots[CYCLIC_SLOTS + 1]; /* the last: the replay's */
	const struct replay_frame *frames;   /* of the replay, mapped; NULL: none */
	size_t frame_count, frame_next;
	int64_t frames_first_ns;
	bool full[STREAMS];
	struct answer now; /* the counts, and the first failure */
};

static void fail(struct helper *h, int rc, const struct err *err)
{
	if (h->now.rc)
		return;
	h->now.rc = rc;
	snprintf(h->now.text, sizeof(h->now.text), "%s", err_text(err));
}

/* The earliest of a stream that may be handed over by @until. */
static struct slot *due_slot(struct helper *h, enum stream stream, int64_t until_ns)
{
	struct slot *first = NULL;

	for (int i = 0; i <= CYCLIC_SLOTS; i++) {
		struct slot *s = &h->slots[i];

		if (s->used && s->stream == stream && s->due_ns <= until_ns &&
		    (!first || s->due_ns < first->due_ns))
			first = s;
	}
	return first;
}

/* Our own frames come back when they are out; nobody here wants them. */
static void drain(struct helper *h, enum stream stream)
{
	struct bus_frame f;
	enum bus_result result = BUS_OK;
	struct err err = { 0 };
	int rc = 0;

	while (!rc && result == BUS_OK)
		rc = bus_receive(h->bus[stream], &f, 0, &result, &err);
	if (rc)
		fail(h, rc, &err);
}

/* Put the next frame of the replay into its slot; the last gives it back. */
static void load_replay(struct helper *h)
{
	struct slot *s = &h->slots[CYCLIC_SLOTS];

	s->used = h->frame_next < h->frame_count;
	if (!s->used)
		return;
	*s = (struct slot){ true, REPLAY, h->frames[h->frame_next].frame,
			    CYCLIC_REPLAY_LATE_NS,
			    h->frames_first_ns + h->frames[h->frame_next].after_ns };
	h->frame_next++;
}

static void hand_over(struct helper *h, enum stream stream)
{
	struct err err = { 0 };
	struct slot *s;

	h->full[stream] = false;
	for (int i = 0; i < BATCH && !h->now.rc && !h->full[stream]; i++) {
		int64_t now = clock_now(h->clock);
		enum bus_result result;
		int rc;

		s = due_slot(h, stream, now + h->ahead_ns);
		if (!s)
			return;
		rc = bus_send(h->bus[stream], &s->frame, s->due_ns, &result, &err);
		if (rc)
			fail(h, rc, &err);
		h->full[stream] = result == BUS_FULL;
		if (rc || h->full[stream])
			return;
		h->now.count[stream].sent++;
		h->now.count[stream].late += now - s->due_ns >= s->period_ns;
		if (stream == REPLAY)
			load_replay(h);
		else
			s->due_ns += s->period_ns;
	}
}

/* @param exact  out: that moment itself is wanted, not just one behind it */
static int64_t next_wake_ns(const struct helper *h, bool *exact)
{
	int64_t now = clock_now(h->clock), next = now + NS_PER_S;

	*exact = false;
	for (int i = 0; i <= CYCLIC_SLOTS; i++) {
		const struct slot *s = &h->slots[i];
		int64_t at = s->due_ns - h->ahead_ns;
		bool waits = h->full[s->stream];

		if (s->used && waits && at < now + RETRY_NS)
			at = now + RETRY_NS;
		if (!s->used || at >= next)
			continue;
		next = at;
		*exact = !waits && !h->ahead_ns && s->stream != LOAD;
	}
	return next;
}

static int take_order(struct helper *h, const struct order *o)
{
	struct slot *free_slot = NULL;

	for (int i = 0; i < CYCLIC_SLOTS; i++) {
		struct slot *s = &h->slots[i];
		bool same =
			s->used && s->stream == o->stream &&
			(o->stream == LOAD || (s->frame.id == o->frame.id &&
					       s->frame.extended == o->frame.extended));

		if (same || (!s->used && !free_slot))
			free_slot = s;
		if (same)
			break;
	}
	if (!free_slot)
		return ERR_RANGE;
	*free_slot =
		(struct slot){ true, o->stream, o->frame, o->period_ns, o->first_ns };
	return 0;
}

static void drop_replay(struct helper *h)
{
	if (h->frames)
		munmap((void *)h->frames, h->frame_count * sizeof(*h->frames));
	h->frames = NULL;
	h->frame_count = h->frame_next = 0;
	h->slots[CYCLIC_SLOTS].used = false;
}

static int take_replay(struct helper *h, const struct order *o, int fd)
{
	void *frames =
		mmap(NULL, o->count * sizeof(*h->frames), PROT_READ, MAP_PRIVATE, fd, 0);

	if (frames == MAP_FAILED)
		return ERR_NOMEM;
	drop_replay(h);
	h->frames = frames;
	h->frame_count = o->count;
	h->frames_first_ns = o->first_ns;
	load_replay(h);
	return 0;
}

static void stop_all(struct helper *h)
{
	h->now.count[REPLAY].unsent =
		h->frame_count - h->frame_next + h->slots[CYCLIC_SLOTS].used;
	drop_replay(h);
	memset(h->slots, 0, sizeof(h->slots));
	for (int i = 0; i < STREAMS; i++) {
		struct err err = { 0 };
		int rc = bus_flush(h->bus[i], &err);

		if (rc && rc != ERR_UNSUPPORTED)
			fail(h, rc, &err);
	}
}

static void obey(struct helper *h, const struct order *o, int fd)
{
	struct answer a;

	if (o->type == ORDER_STOP)
		stop_all(h);
	a = h->now;
	a.seq = o->seq;
	if (o->type == ORDER_ADD && !a.rc && (a.rc = take_order(h, o)))
		snprintf(a.text, sizeof(a.text), "more than %d cyclic frames",
			 CYCLIC_SLOTS);
	if (o->type == ORDER_REPLAY && !a.rc && (a.rc = take_replay(h, o, fd)))
		snprintf(a.text, sizeof(a.text), "no memory for %llu frames",
			 (unsigned long long)o->count);
	if (o->type == ORDER_STOP)
		memset(h->now.count, 0, sizeof(h->now.count));
	if (send(CHILD_SOCKET, &a, sizeof(a), MSG_NOSIGNAL) != sizeof(a))
		_exit(EXIT_FAILURE);
}

static void open_buses(struct helper *h)
{
	struct bus_parts deaf = { .deaf = true };
	struct bus_identity id = { 0 };
	struct err err = { 0 };
	int rc = 0;

	for (int i = 0; !rc && i < STREAMS; i++)
		rc = h->driver->open(&h->bus[i], h->options, &deaf, h->clock, &err);
	if (!rc)
		rc = bus_identity(h->bus[0], &id, &err);
	if (rc)
		fail(h, rc, &err);
	h->ahead_ns = id.launches ? CYCLIC_AHEAD_NS : 0;
	h->lead_ns = 5 * LEAD_MIN_NS;
	if (!id.launches) { /* where it is allowed */
		struct sched_param p = { .sched_priority = PRIORITY };

		sched_setscheduler(0, SCHED_FIFO, &p);
	}
	send(CHILD_SOCKET, &h->now, sizeof(h->now), MSG_NOSIGNAL);
	if (rc)
		_exit(EXIT_FAILURE);
}

/* A sleep ends late, by about as much as those before it. */
static void learn_lead(struct helper *h, int64_t late_ns)
{
	int64_t wanted = late_ns + late_ns / 2;

	h->lead_ns -= h->lead_ns / 64;
	if (h->lead_ns < wanted)
		h->lead_ns = wanted;
	if (h->lead_ns < LEAD_MIN_NS)
		h->lead_ns = LEAD_MIN_NS;
	if (h->lead_ns > LEAD_MAX_NS)
		h->lead_ns = LEAD_MAX_NS;
}

static void wait_for_work(struct helper *h)
{
	struct pollfd fds[1 + STREAMS] = { { .fd = CHILD_SOCKET, .events = POLLIN } };
	bool exact;
	int64_t due = next_wake_ns(h, &exact);
	int64_t until = exact ? due - h->lead_ns : due;
	int64_t left = until - clock_now(h->clock);
	struct timespec wait = { 0 };

	if (left > 0)
		wait = (struct timespec){ left / NS_PER_S, left % NS_PER_S };
	for (int i = 0; i < STREAMS; i++)
		fds[1 + i] = (struct pollfd){ .fd = h->now.rc ? -1 : bus_fd(h->bus[i]),
					      .events = POLLIN };
	if (ppoll(fds, 1 + STREAMS, &wait, NULL) == 0 && exact && left > 0)
		learn_lead(h, clock_now(h->clock) - until);
	while (exact && due - clock_now(h->clock) > 0 &&
	       due - clock_now(h->clock) <= h->lead_ns)
		; /* that near no sleep is short enough */
}

/* With the descriptor that may come along, or -1. @return as recv */
static ssize_t receive_order(struct order *o, int *fd)
{
	_Alignas(struct cmsghdr) uint8_t control[CMSG_SPACE(sizeof(int))];
	struct iovec iov = { o, sizeof(*o) };
	struct msghdr m = { .msg_iov = &iov,
			    .msg_iovlen = 1,
			    .msg_control = control,
			    .msg_controllen = sizeof(control) };
	ssize_t n = recvmsg(CHILD_SOCKET, &m, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);
	struct cmsghdr *c = n > 0 ? CMSG_FIRSTHDR(&m) : NULL;

	*fd = -1;
	if (c && c->cmsg_level == SOL_SOCKET && c->cmsg_type == SCM_RIGHTS)
		memcpy(fd, CMSG_DATA(c), sizeof(*fd));
	return n;
}

static void helper_run(const void *job)
{
	struct helper h = *(const struct helper *)job;
	struct order o;

	signal(SIGTERM, SIG_DFL);
	prctl(PR_SET_TIMERSLACK, 1UL);
	open_buses(&h);
	for (;;) {
		ssize_t n;
		int fd;

		wait_for_work(&h);
		n = receive_order(&o, &fd);
		if (n == sizeof(o))
			obey(&h, &o, fd);
		else if (n == 0 || (errno != EAGAIN && errno != EINTR))
			_exit(EXIT_SUCCESS); /* the controller is gone */
		if (fd >= 0)
			close(fd);
		for (int i = 0; i < STREAMS && !h.now.rc; i++) {
			drain(&h, (enum stream)i);
			hand_over(&h, (enum stream)i);
		}
	}
}

/* The controller's side. */
static int await_answer(struct process *c, struct answer *a, struct err *err)
{
	int64_t deadline = clock_now(clock_real()) + ANSWER_LIMIT_NS;

	do {
		int rc = pump_wait(c->pump, c->socket, deadline, err);

		if (rc)
			return err_wrap(err, rc, "waiting for the cyclic sender");
		if (recv(c->socket, a, sizeof(*a), MSG_DONTWAIT) != sizeof(*a))
			return err_set(err, ERR_GONE, "the cyclic sender died");
	} while (a->seq !=
		 c->seq); /* an answer nobody waited for: the wait was interrupted */
	return a->rc ? err_set(err, a->rc, "cyclic sender: %s", a->text) : 0;
}

static int give_order_with(struct process *c, struct order *o, int fd, struct answer *a,
			   struct err *err)
{
	_Alignas(struct cmsghdr) uint8_t control[CMSG_SPACE(sizeof(int))] = { 0 };
	struct iovec iov = { o, sizeof(*o) };
	struct msghdr m = { .msg_iov = &iov, .msg_iovlen = 1 };

	if (fd >= 0) {
		struct cmsghdr *along = (struct cmsghdr *)control;

		*along =
			(struct cmsghdr){ CMSG_LEN(sizeof(int)), SOL_SOCKET, SCM_RIGHTS };
		memcpy(CMSG_DATA(along), &fd, sizeof(fd));
		m.msg_control = control;
		m.msg_controllen = sizeof(control);
	}
	o->seq = ++c->seq;
	if (sendmsg(c->socket, &m, MSG_NOSIGNAL) != sizeof(*o))
		return err_set(err, ERR_GONE, "the cyclic sender died");
	return await_answer(c, a, err);
}

static int give_order(struct process *c, struct order *o, struct answer *a,
		      struct err *err)
{
	return give_order_with(c, o, -1, a, err);
}

static void process_end(struct cyclic *base)
{
	struct process *c = process_of(base);

	close(c->socket); /* it ends by itself; and if it cannot, it is made to */
	if (c->pid > 0) {
		struct pollfd f = { .fd = c->pidfd, .events = POLLIN };

		if (poll(&f, 1, 2000) == 0)
			kill(c->pid, SIGKILL);
		while (waitpid(c->pid, NULL, 0) < 0 && errno == EINTR)
			;
		close(c->pidfd);
	}
	free(c);
}

static int process_add(struct cyclic *c, bool load, const struct canframe *f,
		       int64_t period_ns, int64_t first_ns, struct err *err)
{
	struct order o = {
		ORDER_ADD, 0, load ? LOAD : FRAMES, *f, period_ns, first_ns, 0
	};
	struct answer a;

	return give_order(process_of(c), &o, &a, err);
}

static int write_all(int fd, const void *from, size_t len)
{
	const uint8_t *p = from;

	while (len) {
		ssize_t n = write(fd, p, len);

		if (n <= 0)
			return ERR_IO;
		p += n;
		len -= (size_t)n;
	}
	return 0;
}

static int process_replay(struct cyclic *c, const struct replay *r, int64_t first_ns,
			  struct err *err)
{
	struct order o = { .type = ORDER_REPLAY,
			   .first_ns = first_ns,
			   .count = r->count };
	int fd = memfd_create("keybench-replay", MFD_CLOEXEC), rc;
	struct answer a;

	if (fd < 0)
		return err_set(err, ERR_IO, "replay: %s", strerror(errno));
	if (write_all(fd, r->frames, r->count * sizeof(*r->frames)))
		rc = err_set(err, ERR_IO, "replay: %s", strerror(errno));
	else
		rc = give_order_with(process_of(c), &o, fd, &a, err);
	close(fd);
	return rc;
}

static int process_stop(struct cyclic *c, struct cyclic_count *count,
			struct cyclic_count *load, struct err *err)
{
	struct order o = { .type = ORDER_STOP };
	struct answer a = { 0 };
	int rc = give_order(process_of(c), &o, &a, err);

	if (rc)
		return rc;
	*count = a.count[FRAMES];
	count->sent += a.count[REPLAY].sent;
	count->late += a.count[REPLAY].late;
	count->unsent = a.count[REPLAY].unsent;
	*load = a.count[LOAD];
	return 0;
}

static const struct cyclic_ops process_ops = {
	.add = process_add,
	.replay = process_replay,
	.stop = process_stop,
	.end = process_end,
};

int cyclic_start(struct cyclic **out, const struct bus_driver *driver,
		 const void *options, struct pump *pump, struct err *err)
{
	struct helper job = { .driver = driver,
			      .options = options,
			      .clock = clock_real() };
	struct child child = { .name = "keybench-can",
			       .ends_with_parent = true,
			       .words_fd = STDERR_FILENO,
			       .keep = { -1, -1 },
			       .run = helper_run,
			       .job = &job };
	struct process *c = calloc(1, sizeof(*c));
	struct answer a;
	int pair[2], rc;

	if (!c)
		return err_set(err, ERR_NOMEM, "cyclic sender");
	*c = (struct process){ { &process_ops }, pump, -1, -1, -1, 0 };
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair)) {
		free(c);
		return err_set(err, ERR_IO, "socket pair: %s", strerror(errno));
	}
	c->socket = pair[0];
	child.keep[0] = pair[1];
	rc = child_start(&c->pid, &c->pidfd, &child, err);
	close(pair[1]);
	if (!rc)
		rc = await_answer(c, &a, err);
	if (rc)
		process_end(&c->base);
	else
		*out = &c->base;
	return rc;
}

/* Whichever kind it is. */
void cyclic_end(struct cyclic *c)
{
	if (c)
		c->ops->end(c);
}

static int add(struct cyclic *c, bool load, const struct canframe *f, int64_t period_ns,
	       int64_t first_ns, struct err *err)
{
	if (period_ns <= 0)
		return err_set(err, ERR_RANGE, "a period must be longer than 0");
	return c->ops->add(c, load, f, period_ns, first_ns, err);
}

int cyclic_add(struct cyclic *c, const struct canframe *f, int64_t period_ns,
	       int64_t first_ns, struct err *err)
{
	return add(c, false, f, period_ns, first_ns, err);
}

int cyclic_load(struct cyclic *c, const struct canframe *f, int64_t period_ns,
		int64_t first_ns, struct err *err)
{
	return add(c, true, f, period_ns, first_ns, err);
}

int cyclic_replay(struct cyclic *c, const struct replay *r, int64_t first_ns,
		  struct err *err)
{
	if (!r->count)
		return err_set(err, ERR_RANGE, "nothing to replay");
	return c->ops->replay(c, r, first_ns, err);
}

int cyclic_stop(struct cyclic *c, struct cyclic_count *count, struct cyclic_count *load,
		struct err *err)
{
	struct cyclic_count unwanted;

	return c->ops->stop(c, count ? count : &unwanted, load ? load : &unwanted, err);
}
