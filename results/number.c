#include "results/number.h"

#include "results/stats.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

static const int64_t powers[] = { 1,      10,      100,      1000,      10000,
				  100000, 1000000, 10000000, 100000000, 1000000000 };

/* @n / 10^digits, exactly. */
static const char *decimal(char out[NUMBER_SIZE], int64_t n, int digits)
{
	uint64_t size = n < 0 ? 0 - (uint64_t)n : (uint64_t)n;
	uint64_t unit = (uint64_t)powers[digits];

	if (digits)
		snprintf(out, NUMBER_SIZE, "%s%" PRIu64 ".%0*" PRIu64, n < 0 ? "-" : "",
			 size / unit, digits, size % unit);
	else
		snprintf(out, NUMBER_SIZE, "%" PRId64, n);
	return out;
}

const char *number_fixed(char out[NUMBER_SIZE], double x, int digits)
{
	return decimal(out, llround(x * (double)powers[digits]), digits);
}

/* @n / 10^cut, rounded half up; n >= 0. */
static int64_t shorten(int64_t n, int cut)
{
	return n / powers[cut] + (n % powers[cut] * 2 >= powers[cut]);
}

const char *number_ms(char out[NUMBER_SIZE], int64_t ns)
{
	int digits = ns < 9999500 ? 3 : ns < 99995000 ? 2 : ns < 9999950000 ? 1 : 0;
	int magnitude = 0;

	if (ns == STATS_INFINITE)
		return strcpy(out, "inf");
	if (ns < 999999500000)
		return decimal(out, shorten(ns, 6 - digits), digits);
	for (ns = shorten(ns, 6); ns >= 10; ns = shorten(ns, 1)) /* past 1000 s: "1e06" */
		magnitude++;
	snprintf(out, NUMBER_SIZE, "%" PRId64 "e%02d", ns, magnitude);
	return out;
}

const char *number_time(char out[NUMBER_SIZE], int64_t ns)
{
	static const struct {
		const char *unit;
		int digits;
	} units[] = { { "s", 9 }, { "ms", 6 }, { "us", 3 }, { "ns", 0 } };
	int i = 0;

	if (ns == STATS_INFINITE)
		return strcpy(out, "inf");
	while (i < 3 && ns > 0 && ns < powers[units[i].digits])
		i++;
	decimal(out, ns, units[i].digits);
	if (strchr(out, '.')) {
		size_t len = strlen(out);

		while (out[len - 1] == '0')
			len--;
		out[out[len - 1] == '.' ? len - 1 : len] = '\0';
	}
	snprintf(out + strlen(out), NUMBER_SIZE - strlen(out), " %s", units[i].unit);
	return out;
}

const char *number_percent(char out[NUMBER_SIZE], double share)
{
	size_t len;

	number_fixed(out, share * 100, 3);
	for (len = strlen(out); out[len - 1] == '0'; len--)
		;
	strcpy(out + (out[len - 1] == '.' ? len - 1 : len), " %");
	return out;
}

const char *number_utc(char out[NUMBER_SIZE], int64_t wall_ns)
{
	time_t wall_s = (time_t)(wall_ns / powers[9]);
	struct tm utc;

	if (!gmtime_r(&wall_s, &utc) ||
	    !strftime(out, NUMBER_SIZE, "%Y-%m-%d %H:%M:%S UTC", &utc))
		strcpy(out, "-");
	return out;
}

const char *number_parse(const char *text, int64_t *nano)
{
	int64_t whole = 0, part = 0;
	int digits = 0;

	if (*text < '0' || *text > '9')
		return NULL;
	for (; *text >= '0' && *text <= '9'; text++) {
		whole = whole * 10 + (*text - '0');
		if (whole > 9 * powers[9])
			return NULL;
	}
	if (text[0] == '.' && text[1] >= '0' && text[1] <= '9')
		for (text++; *text >= '0' && *text <= '9'; text++, digits++) {
			if (digits == 9)
				return NULL;
			part = part * 10 + (*text - '0');
		}
	if (whole == 9 * powers[9] && part)
		return NULL;
	*nano = whole * powers[9] + part * powers[9 - digits];
	return text;
}
