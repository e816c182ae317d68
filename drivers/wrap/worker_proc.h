#ifndef DRIVERS_WRAP_WORKER_PROC_H
#define DRIVERS_WRAP_WORKER_PROC_H

#include "bench/core/log.h"
#include "bench/core/pump.h"
#include "drivers/wrap/worker_child.h"
#include "drivers/wrap/worker_wire.h"

/*
 * A child process as the controller sees it: asked, waited for, killed, reaped, and its
 * last words kept.
 */
struct proc {
	char title[40]; /* for a person: "the worker of libnfc" */
	struct pump *pump;
	pid_t pid;                      /* -1: none, or reaped */
	int pidfd, socket_fd, words_fd; /* -1: none */
	enum log_level words_level;     /* of what it says on its stderr */
	uint32_t seq;                   /* of the last request */
	uint32_t outstanding; /* a request whose answer did not come in time; 0: none */
	bool busy;       /* a request is under way: another one would steal its answer */
	char words[160]; /* its last line, perhaps not yet ended */
	size_t words_len;
	bool words_ended;
	char epitaph[320]; /* how it ended, once it has */
};

/** Nothing yet; every call below takes it. */
void proc_init(struct proc *p, struct pump *pump, enum log_level words_level,
	       const char *fmt, ...) __attribute__((format(printf, 4, 5)));

/**
 * Start it. @child: .words_fd and, with @with_socket, .keep[0] are filled in here.
 */
int proc_start(struct proc *p, struct child *child, bool with_socket, struct err *err);

/**
 * Send @m (its .seq is set here) and wait for its answer, into @m.
 *
 * @return 0 answered, well or badly: see m->rc; else ERR_TIMEOUT or ERR_INTERRUPTED (then
 *         .outstanding is set), ERR_GONE (it is reaped then, and the text says how it
 *         ended), ERR_USAGE when it is in use further up the stack
 */
int proc_request(struct proc *p, struct worker_message *m, int64_t limit_ns,
		 struct err *err);
/** The answer with number @seq into @m; others are late and dropped. */
int proc_await(struct proc *p, uint32_t seq, struct worker_message *m, int64_t limit_ns,
	       struct err *err);
/** Wait up to @limit_ns for its end and reap it. @return true: it is gone. */
bool proc_wait_end(struct proc *p, int64_t limit_ns);
/** SIGKILL and reap; at most about a second. False: the kernel does not let go of it. */
bool proc_kill(struct proc *p);
/** Let go of everything but the texts; kills what still lives. */
void proc_release(struct proc *p);

#endif
