#include "tools/perf/pair.h"

#include <assert.h>
#include <errno.h>
#include <string.h>
#include <sys/socket.h>

#define MESSAGE_MAX 4096

static int one_round_trip(int fd, size_t len, int64_t *waited_ns, struct err *err)
{
	uint8_t message[MESSAGE_MAX] = { 0 };
	ssize_t n;

	if (send(fd, message, len, MSG_NOSIGNAL) != (ssize_t)len)
		return err_set(err, ERR_IO, "socket pair: %s", strerror(errno));
	n = recv(fd, message, sizeof(message), 0);
	if (n < 0)
		return err_set(err, ERR_IO, "socket pair: %s", strerror(errno));
	if (n == 0)
		return err_set(err, ERR_IO, "socket pair: the far end has gone");
	if ((size_t)n != len)
		return err_set(err, ERR_IO, "socket pair: %zd bytes for %zu", n, len);
	memcpy(waited_ns, message, sizeof(*waited_ns));
	return 0;
}

int pair_round_trips(struct series *out_ns, int fd, size_t len, int count,
		     struct err *err)
{
	int rc = 0;

	assert(len >= sizeof(int64_t) && len <= MESSAGE_MAX);
	for (int i = -1; !rc && i < count; i++) {
		int64_t from = clock_now(clock_real()), waited_ns;

		rc = one_round_trip(fd, len, &waited_ns, err);
		if (!rc && i >= 0)
			rc = series_add(out_ns,
					clock_now(clock_real()) - from - waited_ns, err);
	}
	return rc;
}

int pair_middle(const int64_t measured[], const int64_t other[], int n,
		bool by_difference)
{
	double by[PAIR_TURNS];
	int turn = 0;

	assert(n >= 1 && n <= PAIR_TURNS);
	for (int i = 0; i < n; i++)
		by[i] = by_difference ? (double)(measured[i] - other[i])
				      : (double)measured[i] / (double)other[i];
	for (int i = 0; i < n; i++) {
		int below = 0;

		for (int k = 0; k < n; k++)
			below += by[k] < by[i] || (k < i && !(by[i] < by[k]));
		if (below == n / 2)
			turn = i;
	}
	return turn;
}
