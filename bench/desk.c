#include "bench/desk.h"

#include "bench/core/clock.h"
#include "bench/core/data.h"
#include "bench/core/fs.h"
#include "bench/core/log.h"
#include "bench/core/verdict.h"

#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#define START_LIMIT_NS (10 * NS_PER_S)
#define STOP_LIMIT_NS NS_PER_S /* the relay workers are gone by then */

#define MAX_DELAYS 4096 /* of an attempt: each is longer than a millisecond */

struct delay {
	int64_t from_ns, to_ns;
};

struct desk {
	pid_t pid;
	int control, talk; /* our end of its life line; its stderr */
	struct pump *pump;
	json_t *devices;
	char said[1000]; /* the tail of what it said on stderr */
	size_t said_len;
	bool watching, dead;
	json_t *past; /* where devices were before: told paths are borrowed until the desk stops */
	char line[256]; /* from the life line, not whole yet */
	size_t line_len;
	int64_t late_count, late_max_ns;
	struct delay delays[MAX_DELAYS]; /* the last of them; late_count goes round */
};

static int find_program(char out[DATA_PATH_MAX], struct err *err)
{
	const char *env = getenv("KEYBENCH_EMU");

	if (env)
		snprintf(out, DATA_PATH_MAX, "%s", env);
	else
		snprintf(out, DATA_PATH_MAX, "%.4000s/keybench-emu", fs_program_dir());
	if (access(out, X_OK) == 0)
		return 0;
	return err_set(err, ERR_IO,
		       "%s: %s; the emulated desk needs it (or name it in KEYBENCH_EMU)",
		       out, strerror(errno));
}

/* In the child: the life line becomes descriptor 3, stderr the pipe, everything else is closed. */
static void become(const char *program, const char *const argv[], int control, int talk)
{
	int null = open("/dev/null", O_RDWR);
	int high = fcntl(control, F_DUPFD, 10);

	dup2(null, STDIN_FILENO);
	dup2(null, STDOUT_FILENO);
	dup2(talk, STDERR_FILENO);
	dup2(high, 3);
	close_range(4, ~0U, 0);
	setsid(); /* what the terminal or a time limit tells the group is not for it: it outlives the relays */
	execv(program, (char *const *)argv); /* it changes none of them */
	dprintf(STDERR_FILENO, "%s: %s\n", program, strerror(errno));
	_exit(127);
}

static int spawn(struct desk *d, const char *program, const char *const argv[],
		 struct err *err)
{
	int life[2], talk[2];

	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, life))
		return err_set(err, ERR_IO, "emulated desk: %s", strerror(errno));
	if (pipe2(talk, O_CLOEXEC)) {
		close(life[0]);
		close(life[1]);
		return err_set(err, ERR_IO, "emulated desk: %s", strerror(errno));
	}
	d->pid = fork();
	if (d->pid == 0)
		become(program, argv, life[1], talk[1]);
	close(life[1]);
	close(talk[1]);
	d->control = life[0];
	d->talk = talk[0];
	fcntl(d->talk, F_SETFL, O_NONBLOCK);
	if (d->pid < 0)
		return err_set(err, ERR_IO, "emulated desk: %s", strerror(errno));
	return 0;
}

/* Read what it says; false at end-of-file. */
static bool listen_to(struct desk *d)
{
	char part[512];
	ssize_t n = read(d->talk, part, sizeof(part));

	if (n < 0)
		return errno == EAGAIN || errno == EINTR;
	for (ssize_t i = 0; i < n && d->said_len < sizeof(d->said) - 1; i++)
		d->said[d->said_len++] = part[i];
	d->said[d->said_len] = '\0';
	return n > 0;
}

/* Its lines, told on as ours once it runs. */
static void on_talk(void *ctx, int fd)
{
	struct desk *d = ctx;
	bool open = listen_to(d);
	char *end;

	(void)fd;
	while ((end = strchr(d->said, '\n')) ||
	       (d->said_len == sizeof(d->said) - 1 && (end = d->said + d->said_len))) {
		size_t len = (size_t)(end - d->said), used = len + (*end == '\n');

		log_warning("emulated desk: %.*s", (int)len, d->said);
		memmove(d->said, d->said + used, d->said_len - used + 1);
		d->said_len -= used;
	}
	if (!open)
		pump_unwatch(d->pump, d->talk);
}

/* {"t":123456789,"late_ns":1234567}, or {"device":"emu:relay0","path":"/dev/pts/7"}: it is back, and there now; "": unplugged */
static void take_line(struct desk *d, const char *line)
{
	json_t *o = json_loads(line, 0, NULL), *path = json_object_get(o, "path");
	json_int_t late_ns = json_integer_value(json_object_get(o, "late_ns"));
	const char *device = json_string_value(json_object_get(o, "device"));
	json_int_t t = json_integer_value(json_object_get(o, "t"));

	if (device && json_is_string(path) && json_object_get(d->devices, device)) {
		if (!d->past)
			d->past = json_array();
		json_array_append(d->past, json_object_get(d->devices, device));
		json_object_set(d->devices, device, path);
	}
	json_decref(o);
	if (late_ns <= 0)
		return;
	d->delays[d->late_count++ % MAX_DELAYS] = (struct delay){ t - late_ns, t };
	if (late_ns > d->late_max_ns)
		d->late_max_ns = late_ns;
}

/* Whole lines of what is there. @return as recv */
static ssize_t hear(struct desk *d)
{
	char part[512];
	ssize_t n = recv(d->control, part, sizeof(part), MSG_DONTWAIT);

	for (ssize_t i = 0; i < n; i++) {
		if (part[i] != '\n' && d->line_len < sizeof(d->line) - 1) {
			d->line[d->line_len++] = part[i];
			continue;
		}
		d->line[d->line_len] = '\0';
		d->line_len = 0;
		take_line(d, d->line);
	}
	return n;
}

static void on_life(void *ctx, int fd)
{
	struct desk *d = ctx;
	ssize_t n = hear(d);

	if (n > 0 || (n < 0 && (errno == EINTR || errno == EAGAIN)))
		return;
	d->dead = true;
	pump_unwatch(d->pump, fd);
	log_error("the emulated desk died");
}

int64_t desk_lateness(const struct desk *d, int64_t *max_ns)
{
	*max_ns = d ? d->late_max_ns : 0;
	return d ? d->late_count : 0;
}

int64_t desk_held_up(struct desk *d, int64_t from_ns, int64_t to_ns)
{
	int64_t all_ns = 0;

	if (!d)
		return 0;
	/* it speaks of a delay before it does what was due: nothing we saw it do is there without */
	while (d->watching && !d->dead && hear(d) > 0)
		;
	for (int64_t i = 0; i < d->late_count && i < MAX_DELAYS; i++) {
		const struct delay *delay = &d->delays[i];
		int64_t from = delay->from_ns > from_ns ? delay->from_ns : from_ns;
		int64_t to = delay->to_ns < to_ns ? delay->to_ns : to_ns;

		all_ns += to > from ? to - from : 0;
	}
	return all_ns;
}

/* It ended with a failure: its own words are the error, its excerpt ours. */
static int told_error(struct desk *d, int status, struct err *err)
{
	int code = WIFEXITED(status) && WEXITSTATUS(status) == EXIT_WRONG_CONFIG
			   ? ERR_FORMAT
			   : ERR_IO;
	char *rest = strchr(d->said, '\n');

	if (!d->said[0])
		return err_set(err, code,
			       "the emulated desk ended at once (wait status %#x)",
			       status);
	if (rest)
		*rest++ = '\0';
	err_set(err, code, "%s", d->said);
	if (code != ERR_FORMAT || !rest || !err)
		return code;
	snprintf(err->excerpt, sizeof(err->excerpt), "%s", rest);
	for (size_t n = strlen(err->excerpt); n && err->excerpt[n - 1] == '\n'; n--)
		err->excerpt[n - 1] = '\0';
	return code;
}

/* Its status is left to be waited for, and its number nobody else's. */
static bool has_ended(pid_t pid)
{
	siginfo_t info = { 0 };

	return waitid(P_PID, (id_t)pid, &info, WEXITED | WNOHANG | WNOWAIT) == 0 &&
	       info.si_pid == pid;
}

/* All it has to say and its wait status; it is on its way out, or is killed. */
static void hear_out(struct desk *d, int *status)
{
	int64_t deadline = clock_now(clock_real()) + START_LIMIT_NS, left;
	struct pollfd p = { .fd = d->talk, .events = POLLIN };
	bool talking = true;

	while (talking && (left = deadline - clock_now(clock_real())) > 0)
		if (poll(&p, 1, (int)(left / NS_PER_MS) + 1) > 0)
			talking = listen_to(d);
	/* one that has closed its mouth may hang all the same */
	while (!talking && !has_ended(d->pid) && clock_now(clock_real()) < deadline)
		poll(NULL, 0, 1);
	kill(d->pid, SIGKILL);
	while (waitpid(d->pid, status, 0) < 0 && errno == EINTR)
		;
	d->pid = -1;
}

static int failed_start(struct desk *d, struct err *err)
{
	int status = 0;

	hear_out(d, &status);
	return told_error(d, status, err);
}

static int await_ready(struct desk *d, struct err *err)
{
	int64_t deadline = clock_now(clock_real()) + START_LIMIT_NS;
	char line[2000];
	size_t len = 0;
	json_t *ready;

	while (!memchr(line, '\n', len)) {
		int rc = pump_wait(d->pump, d->control, deadline, err);
		ssize_t n;

		if (rc)
			return err_wrap(err, rc, "waiting for the emulated desk");
		n = read(d->control, line + len, sizeof(line) - len);
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return failed_start(d, err);
		len += (size_t)n;
	}
	ready = json_loadb(line, len, JSON_DISABLE_EOF_CHECK, NULL);
	d->devices = json_incref(json_object_get(ready, "devices"));
	json_decref(ready);
	if (!json_is_object(d->devices))
		return err_set(err, ERR_FORMAT,
			       "the emulated desk did not name its devices");
	return 0;
}

int desk_start(struct desk **out, const char *rig_path, uint64_t seed,
	       const char *truth_path, struct pump *pump, struct err *err)
{
	char program[DATA_PATH_MAX], seed_text[24];
	const char *const argv[] = {
		"keybench-emu", "--rig",    rig_path,    "--seed", seed_text,
		"--truth",      truth_path, "--control", "3",      NULL
	};
	struct desk *d;
	int rc = find_program(program, err);

	if (rc)
		return rc;
	snprintf(seed_text, sizeof(seed_text), "%llu", (unsigned long long)seed);
	d = calloc(1, sizeof(*d));
	if (!d)
		return err_set(err, ERR_NOMEM, "no memory for the emulated desk");
	d->pump = pump;
	d->control = d->talk = -1;
	rc = spawn(d, program, argv, err);
	if (!rc)
		rc = await_ready(d, err);
	if (rc) {
		desk_stop(d);
		return rc;
	}
	pump_watch(pump, d->control, on_life, d);
	pump_watch(pump, d->talk, on_talk, d);
	d->watching = true;
	*out = d;
	return 0;
}

const char *desk_device(const struct desk *d, const char *name)
{
	return json_string_value(json_object_get(d->devices, name));
}

bool desk_alive(const struct desk *d)
{
	return d && !d->dead;
}

static void reap(struct desk *d)
{
	int64_t deadline = clock_now(clock_real()) + STOP_LIMIT_NS;

	while (waitpid(d->pid, NULL, WNOHANG) == 0) {
		if (clock_now(clock_real()) > deadline) {
			log_warning("the emulated desk does not end; killed");
			kill(d->pid, SIGKILL);
			deadline = INT64_MAX;
		}
		clock_real()->sleep_until(clock_real(),
					  clock_now(clock_real()) + NS_PER_MS);
	}
}

void desk_stop(struct desk *d)
{
	if (!d)
		return;
	if (d->watching) {
		pump_unwatch(d->pump, d->control);
		pump_unwatch(d->pump, d->talk);
	}
	if (d->control >= 0)
		close(d->control);
	if (d->pid > 0)
		reap(d);
	if (d->talk >= 0)
		close(d->talk);
	json_decref(d->devices);
	json_decref(d->past);
	free(d);
}

int desk_check(const char *rig_path, struct err *err)
{
	char program[DATA_PATH_MAX];
	const char *const argv[] = { "keybench-emu", "--rig", rig_path, "--check", NULL };
	struct desk d = { .control = -1, .talk = -1 };
	int rc = find_program(program, err), status = 0;

	if (!rc)
		rc = spawn(&d, program, argv, err);
	if (!rc) {
		hear_out(&d, &status);
		rc = status ? told_error(&d, status, err) : 0;
	}
	if (d.control >= 0)
		close(d.control);
	if (d.talk >= 0)
		close(d.talk);
	return rc;
}
