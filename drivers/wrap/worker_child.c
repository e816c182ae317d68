#include "drivers/wrap/worker_child.h"

#include "bench/core/log.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/pidfd.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

/*
 * Handlers of the controller must not run here: one of them would stop the controller's
 * own loop.
 */
static void reset_signals(void)
{
	static const int ours[] = {
		SIGINT,  SIGQUIT, SIGHUP,  SIGTERM, SIGUSR1, SIGUSR2,
		SIGALRM, SIGCHLD, SIGTSTP, SIGTTIN, SIGTTOU, SIGWINCH
	};
	struct itimerval none;

	memset(&none, 0, sizeof(none));
	setitimer(ITIMER_REAL, &none, NULL);
	for (size_t i = 0; i < sizeof(ours) / sizeof(*ours); i++)
		signal(ours[i], SIG_DFL);
	signal(SIGINT, SIG_IGN);
	signal(SIGPIPE, SIG_IGN);
}

/* Out of the way first, so that no number is overwritten before it is moved. */
static void take_descriptors(const struct child *c)
{
	int words = fcntl(c->words_fd, F_DUPFD, 16);
	int null = open("/dev/null", O_RDWR | O_CLOEXEC);
	int kept[2] = { -1, -1 };

	for (int i = 0; i < 2; i++)
		if (c->keep[i] >= 0)
			kept[i] = fcntl(c->keep[i], F_DUPFD, 16);
	/*
	 * libnfc takes descriptor 0 for "abort": it must be taken, and by something
	 * harmless
	 */
	dup2(null, STDIN_FILENO);
	dup2(words, STDOUT_FILENO);
	dup2(words, STDERR_FILENO);
	for (int i = 0; i < 2; i++) {
		if (kept[i] >= 0)
			dup2(kept[i], CHILD_SOCKET + i);
		else
			close(CHILD_SOCKET + i);
	}
	close_range(CHILD_TICKS + 1, ~0u, 0);
}

static void become(const struct child *c, pid_t parent)
{
	sigset_t none;

	log_set_hook(NULL, NULL);
	reset_signals();
	if (c->ends_with_parent) {
		prctl(PR_SET_PDEATHSIG, SIGTERM);
		if (getppid() != parent) /* it died before we asked */
			_exit(EXIT_FAILURE);
	}
	take_descriptors(c);
	/*
	 * A session of its own: Ctrl-Z must not stop the process that holds the relays,
	 * nor the guard beside it, and what libc says of an abort() must not reach the
	 * terminal.
	 */
	setsid();
	prctl(PR_SET_NAME, c->name);
	/* libnfc may abort(), and this memory is a copy of one that holds keys */
	setrlimit(RLIMIT_CORE, &(struct rlimit){ 0, 0 });
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
}

int child_start(pid_t *out_pid, int *out_pidfd, const struct child *child,
		struct err *err)
{
	sigset_t all, before;
	pid_t parent = getpid(), pid;
	int pidfd;

	sigfillset(&all);
	sigprocmask(SIG_SETMASK, &all, &before);
	pid = fork();
	if (pid == 0) {
		become(child, parent);
		child->run(child->job);
		_exit(EXIT_FAILURE);
	}
	sigprocmask(SIG_SETMASK, &before, NULL);
	if (pid < 0)
		return err_set(err, ERR_IO, "fork: %s", strerror(errno));
	pidfd = pidfd_open(pid, 0);
	if (pidfd < 0) {
		int why = errno;

		kill(pid, SIGKILL);
		waitpid(pid, NULL, 0);
		return err_set(err, ERR_IO, "pidfd: %s", strerror(why));
	}
	*out_pid = pid;
	*out_pidfd = pidfd;
	return 0;
}
