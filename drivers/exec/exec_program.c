#include "drivers/exec/exec_program.h"

#include "drivers/tty.h"

#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <limits.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/pidfd.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#define START_LIMIT_NS (4 * NS_PER_S)
#define GRACE_NS (500 * NS_PER_MS)
#define STOP_LIMIT_NS (700 * NS_PER_MS)
#define KILL_LIMIT_NS NS_PER_S
#define MAX_WORDS 65536 /* of its standard error; then it begins anew */
#define MAX_ARGS 32

static int64_t now(const struct exec_program *p)
{
	return clock_now(p->clock);
}

void exec_init(struct exec_program *p, const char *role,
	       const struct exec_options *options, struct clock *clock, struct pump *pump)
{
	memset(p, 0, sizeof(*p));
	p->role = role;
	p->options = *options;
	p->clock = clock;
	p->pump = pump;
	p->pid = -1;
	p->pidfd = p->in = p->out = p->words = -1;
}

bool exec_running(const struct exec_program *p)
{
	return p->pid >= 0;
}

static void shut(int *fd)
{
	if (*fd >= 0)
		close(*fd);
	*fd = -1;
}

/* argv, borrowed from the rig file. */
static int words_of(const struct exec_program *p, const char *argv[MAX_ARGS + 1],
		    struct err *err)
{
	struct node n = p->options.command;
	int count = node_is_list(n) ? node_count(n) : 1;

	if (count < 1 || count > MAX_ARGS)
		return node_error(n, err, "command: 1 to %d words are needed", MAX_ARGS);
	for (int i = 0; i < count; i++)
		argv[i] = node_text(node_is_list(n) ? node_item(n, i) : n);
	argv[count] = NULL;
	return 0;
}

static void set_default(int signal)
{
	struct sigaction a;

	memset(&a, 0, sizeof(a));
	a.sa_handler = SIG_DFL;
	sigaction(signal, &a, NULL);
}

/* In the child. What can fail here is told by its standard error and its end. */
static void become(const struct exec_program *p, const char *const argv[],
		   const int fds[3], pid_t parent)
{
	static const int ours[] = {
		SIGINT,  SIGQUIT, SIGHUP,  SIGTERM, SIGUSR1, SIGUSR2,
		SIGALRM, SIGPIPE, SIGCHLD, SIGTSTP, SIGTTIN, SIGTTOU
	};
	char folder[PATH_MAX];
	sigset_t none;
	int high[3];

	setsid(); /* Ctrl-C is not for it, and all that it starts can be killed with it */
	prctl(PR_SET_PDEATHSIG, SIGTERM);
	if (getppid() != parent)
		_exit(EXIT_FAILURE);
	for (int i = 0; i < 3; i++)
		high[i] = fcntl(fds[i], F_DUPFD, 16);
	for (int i = 0; i < 3; i++)
		dup2(high[i], i);
	close_range(3, ~0u, 0);
	for (size_t i = 0; i < sizeof(ours) / sizeof(ours[0]); i++)
		set_default(ours[i]);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	snprintf(folder, sizeof(folder), "%s", conf_name(p->options.command.conf));
	if (strchr(folder, '/') && chdir(dirname(folder)))
		dprintf(STDERR_FILENO, "%s: %s\n", folder, strerror(errno));
	execvp(argv[0], (char *const *)argv); /* it changes none of them */
	dprintf(STDERR_FILENO, "%s: %s\n", argv[0], strerror(errno));
	_exit(127);
}

static int make_ends(struct exec_program *p, int theirs[3], struct err *err)
{
	int in[2] = { -1, -1 }, out[2] = { -1, -1 };

	p->words = memfd_create("keybench-exec", MFD_CLOEXEC);
	if (p->words < 0 || pipe2(in, O_CLOEXEC) || pipe2(out, O_CLOEXEC)) {
		err_set(err, ERR_IO, "pipe: %s", strerror(errno));
		shut(&in[0]);
		shut(&in[1]);
		return ERR_IO;
	}
	fcntl(p->words, F_SETFL, O_APPEND);
	fcntl(in[1], F_SETFL, O_NONBLOCK);
	fcntl(out[0], F_SETFL, O_NONBLOCK);
	p->in = in[1];
	p->out = out[0];
	theirs[0] = in[0];
	theirs[1] = out[1];
	theirs[2] = p->words;
	return 0;
}

static int spawn(struct exec_program *p, struct err *err)
{
	const char *argv[MAX_ARGS + 1];
	pid_t parent = getpid();
	sigset_t all, before;
	int theirs[3], rc;

	rc = words_of(p, argv, err);
	if (!rc)
		rc = make_ends(p, theirs, err);
	if (rc)
		return rc;
	snprintf(p->name, sizeof(p->name), "%.79s", argv[0]);
	sigfillset(&all);
	sigprocmask(SIG_SETMASK, &all, &before);
	p->pid = fork();
	if (p->pid == 0)
		become(p, argv, theirs, parent);
	sigprocmask(SIG_SETMASK, &before, NULL);
	close(theirs[0]);
	close(theirs[1]);
	if (p->pid < 0)
		return err_set(err, ERR_IO, "fork: %s", strerror(errno));
	p->pidfd = pidfd_open(p->pid, 0);
	return p->pidfd < 0 ? err_set(err, ERR_IO, "pidfd: %s", strerror(errno)) : 0;
}

/* Its last whole or half line on standard error, or "". */
static const char *last_words(const struct exec_program *p, char *room, size_t size)
{
	off_t len = p->words >= 0 ? lseek(p->words, 0, SEEK_END) : 0;
	off_t from = len > (off_t)size - 1 ? len - (off_t)size + 1 : 0;
	ssize_t n = len > 0 ? pread(p->words, room, size - 1, from) : 0;
	char *line;

	while (n > 0 && (room[n - 1] == '\n' || room[n - 1] == ' '))
		n--;
	room[n > 0 ? n : 0] = '\0';
	line = strrchr(room, '\n');
	return line ? line + 1 : room;
}

static bool wait_end(struct exec_program *p, int64_t limit_ns)
{
	int64_t deadline = now(p) + limit_ns;
	struct pollfd f = { .fd = p->pidfd, .events = POLLIN };

	for (;;) {
		int64_t left = deadline - now(p);
		int n;

		if (p->pump) {
			n = pump_wait(p->pump, p->pidfd, deadline, NULL);
			if (n != ERR_INTERRUPTED)
				return n == 0;
		}
		n = poll(&f, 1, left > 0 ? (int)(left / NS_PER_MS) + 1 : 0);
		if (n > 0)
			return true;
		if (left <= 0)
			return false;
	}
}

/* Everything it started too: they share its session. @status: how it ended, as waitpid has it. */
static void kill_all(struct exec_program *p, int *status)
{
	*status = 0;
	if (p->pid < 0)
		return;
	kill(-p->pid, SIGKILL);
	kill(p->pid, SIGKILL); /* it may not have come as far as setsid */
	if (p->pidfd < 0 || wait_end(p, KILL_LIMIT_NS))
		waitpid(p->pid, status, p->pidfd < 0 ? 0 : WNOHANG);
	p->pid = -1;
	shut(&p->pidfd);
	shut(&p->in);
	shut(&p->out);
}

static void end_it(struct exec_program *p)
{
	int status;

	kill_all(p, &status);
	shut(&p->words);
	memset(&p->lines, 0, sizeof(p->lines));
}

/* It closed its end: how, and what it said last. */
static int is_over(struct exec_program *p, struct err *err)
{
	bool half = !exec_lines_empty(&p->lines);
	char room[200], how[64] = "closed its standard output";
	bool ended = wait_end(p, STOP_LIMIT_NS);
	const char *words;
	int status;

	if (ended && waitpid(p->pid, &status, WNOHANG) == p->pid) {
		const char *name =
			WIFSIGNALED(status) ? sigabbrev_np(WTERMSIG(status)) : NULL;

		if (WIFSIGNALED(status))
			snprintf(how, sizeof(how), "died of SIG%s", name ? name : "?");
		else
			snprintf(how, sizeof(how), "ended with status %d",
				 WEXITSTATUS(status));
		kill(-p->pid, SIGKILL); /* what it left behind */
		p->pid = -1;
		shut(&p->pidfd);
		shut(&p->in);
		shut(&p->out);
	}
	words = last_words(p, room, sizeof(room));
	err_set(err, ERR_GONE, "%s %s%s%s%s", p->name, how,
		half ? " in the middle of a line" : "", words[0] ? ": " : "", words);
	end_it(p);
	return ERR_GONE;
}

int exec_nonsense(struct exec_program *p, struct err *err)
{
	int rc = err_wrap(err, ERR_GONE, "%s made no sense and was killed", p->name);

	if (err)
		err->code = ERR_GONE;
	end_it(p);
	return rc;
}

static int too_late(struct exec_program *p, int64_t limit_ns, struct err *err)
{
	char room[160];
	const char *words = last_words(p, room, sizeof(room));

	err_set(err, ERR_TIMEOUT, "%s did not answer within %lld ms and was killed%s%s",
		p->name, (long long)(limit_ns / NS_PER_MS), words[0] ? ": " : "", words);
	end_it(p);
	return ERR_TIMEOUT;
}

/* Until it says more, @deadline_ns, or an abort: 0, or an error without words. */
static int wait_more(struct exec_program *p, int64_t deadline_ns)
{
	struct pollfd f = { .fd = p->out, .events = POLLIN };

	if (p->pump)
		return pump_wait(p->pump, p->out, deadline_ns, NULL);
	while (!p->aborted) {
		int64_t left = deadline_ns - now(p);
		int n;

		if (left <= 0)
			return ERR_TIMEOUT;
		n = poll(&f, 1, (int)(left / NS_PER_MS) + 1);
		if (n > 0)
			return 0;
		if (n < 0 && errno != EINTR)
			return ERR_IO;
	}
	return ERR_INTERRUPTED;
}

/* Read what there is: 1 something, 0 nothing, -1 end-of-file. */
static int take_bytes(struct exec_program *p)
{
	size_t size;
	char *room = exec_lines_room(&p->lines, &size);
	ssize_t n = read(p->out, room, size);

	if (n > 0)
		exec_lines_added(&p->lines, (size_t)n);
	if (n > 0)
		return 1;
	return n < 0 && (errno == EAGAIN || errno == EINTR) ? 0 : -1;
}

/* The next line that is no comment, copied to .text. */
static int next_line(struct exec_program *p, int64_t deadline_ns, int64_t limit_ns,
		     struct err *err)
{
	for (;;) {
		char *line;
		int n = exec_lines_next(&p->lines, &line, err);

		if (n < 0)
			return exec_nonsense(p, err);
		if (n > 0 && line[0] != '#' && line[0]) {
			snprintf(p->text, sizeof(p->text), "%s", line);
			return 0;
		}
		/* comments without end do not hold us up */
		if (n > 0 && now(p) > deadline_ns)
			return too_late(p, limit_ns, err);
		if (n > 0)
			continue;
		n = wait_more(p, deadline_ns);
		if (n == ERR_TIMEOUT)
			return too_late(p, limit_ns, err);
		if (n == ERR_INTERRUPTED) {
			end_it(p); /* its answer must not be taken for another one */
			return err_set(err, p->pump ? n : ERR_TIMEOUT, "aborted");
		}
		if (n)
			return err_set(err, n, "waiting for %s", p->name);
		if (take_bytes(p) < 0)
			return is_over(p, err);
	}
}

/* What it says while nobody asked: comments pass, anything else is no talk we understand. */
static int hear_before(struct exec_program *p, struct err *err)
{
	for (;;) {
		char *line;
		int n = exec_lines_next(&p->lines, &line, err);

		if (n < 0)
			return exec_nonsense(p, err);
		if (n > 0 && line[0] != '#' && line[0]) {
			err_set(err, ERR_FORMAT, "it said '%.60s' and nobody had asked",
				line);
			return exec_nonsense(p, err);
		}
		if (n > 0)
			continue;
		n = take_bytes(p);
		if (n < 0)
			return is_over(p, err);
		if (n == 0 && !exec_lines_empty(&p->lines)) {
			err_set(err, ERR_FORMAT, "it began a line and nobody had asked");
			return exec_nonsense(p, err);
		}
		if (n == 0)
			return 0;
	}
}

static int send_request(struct exec_program *p, const struct buf *b, struct err *err)
{
	off_t said = lseek(p->words, 0, SEEK_END);
	ssize_t n;

	if (said > MAX_WORDS && ftruncate(p->words, 0))
		return err_set(err, ERR_IO, "%s", strerror(errno));
	n = write(p->in, b->data, b->len);
	if (n == (ssize_t)b->len)
		return 0;
	if (n < 0 && errno == EPIPE)
		return is_over(p, err);
	/* a pipe takes a line at once, or nobody has read the last ones */
	err_set(err, ERR_TIMEOUT, "%s does not read its standard input; killed", p->name);
	end_it(p);
	return ERR_TIMEOUT;
}

void exec_begin(struct exec_program *p, struct buf *b, const char *verb)
{
	buf_clear(b);
	exec_request(b, ++p->seq, verb);
}

int exec_ask(struct exec_program *p, struct buf *b, int64_t timeout_ns,
	     struct exec_answer *a, struct exec_window *w, struct err *err)
{
	int64_t limit = timeout_ns + GRACE_NS;
	int rc;

	if (!exec_running(p))
		return err_set(err, ERR_GONE, "%s is not running", p->name);
	exec_request_end(b);
	if (b->failed)
		return err_set(err, ERR_RANGE, "a request of more than %d bytes",
			       EXEC_MAX_LINE);
	p->aborted = 0;
	rc = hear_before(p, err);
	w->slack_ns = p->options.slack_ns;
	w->asked_ns = now(p);
	if (!rc)
		rc = send_request(p, b, err);
	if (!rc)
		rc = next_line(p, w->asked_ns + limit, limit, err);
	w->told_ns = now(p);
	if (rc)
		return rc;
	rc = exec_parse(a, p->text, err);
	if (!rc && a->seq != p->seq)
		rc = err_set(err, ERR_FORMAT, "it answered request %u, asked was %u",
			     a->seq, p->seq);
	return rc ? exec_nonsense(p, err) : 0;
}

int exec_command(struct exec_program *p, struct buf *b, struct err *err)
{
	struct exec_answer a;
	struct exec_window w;
	int rc = exec_ask(p, b, EXEC_COMMAND_NS, &a, &w, err);

	if (rc)
		return rc;
	rc = exec_expect_ok(&a, err);
	if (!rc)
		rc = exec_only(&a, "", err);
	return EXEC_TAKEN(p, rc, err);
}

static int say_hello(struct exec_program *p, struct err *err)
{
	uint8_t room[EXEC_MAX_LINE];
	struct buf b = BUF_ON(room);
	struct exec_answer a;
	struct exec_window w;
	int rc;

	exec_begin(p, &b, "hello");
	buf_printf(&b, " protocol=%d role=%s", EXEC_PROTOCOL, p->role);
	if (p->options.device)
		buf_printf(&b, " device=%s", p->options.device);
	rc = exec_ask(p, &b, START_LIMIT_NS - GRACE_NS, &a, &w, err);
	if (rc)
		return rc;
	rc = exec_take_identity(&a, p->role, &p->id, err);
	return EXEC_TAKEN(p, rc, err);
}

static int check_device(const char *device, struct err *err)
{
	for (const char *c = device; c && *c; c++)
		if (*c <= ' ' || *c > '~')
			return err_set(err, ERR_USAGE,
				       "device: blanks and bytes beyond ASCII cannot be "
				       "told to a program");
	return 0;
}

int exec_start(struct exec_program *p, struct err *err)
{
	int rc = check_device(p->options.device, err);

	exec_stop(p);
	p->seq = 0;
	p->aborted = 0;
	if (!rc)
		rc = spawn(p, err);
	if (!rc)
		rc = say_hello(p, err);
	if (rc)
		end_it(p);
	return rc;
}

void exec_abort(struct exec_program *p)
{
	p->aborted = 1;
}

void exec_stop(struct exec_program *p)
{
	shut(&p->in);
	if (p->pid >= 0 && p->pidfd >= 0)
		wait_end(p, STOP_LIMIT_NS);
	end_it(p);
}

/* A path to a device that is known to be emulated, whatever the program says of itself. */
static bool path_is_simulated(const char *path)
{
	int fd = path && path[0] == '/' ? open(path, O_PATH | O_CLOEXEC) : -1;
	bool simulated = fd >= 0 && tty_is_simulated(fd);

	if (fd >= 0)
		close(fd);
	return simulated;
}

bool exec_describe(const struct exec_program *p, char model[64], char link[64],
		   char software[64])
{
	snprintf(model, 64, "%s", p->id.model);
	snprintf(link, 64, "exec:%.50s", p->options.device ? p->options.device : p->name);
	if (software)
		snprintf(software, 64, "%s", p->id.software);
	return p->id.simulated || path_is_simulated(p->options.device);
}
