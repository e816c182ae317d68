#include "drivers/positioner/grbl_wire.h"

#include "bench/core/err.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MAX_UM INT64_C(100000000) /* 100 m: nothing on a bench is longer */

const char *const grbl_state_names[GRBL_STATES] = { "Idle",  "Run",   "Hold",
						    "Jog",   "Alarm", "Door",
						    "Check", "Home",  "Sleep" };

bool grbl_line_feed(struct grbl_lines *l, uint8_t byte)
{
	if (l->ended) {
		l->len = 0;
		l->ended = false;
	}
	if (byte == '\r' || byte == '\n') {
		l->ended = l->len > 0; /* CR LF is one end */
		l->text[l->len] = '\0';
		return l->ended;
	}
	if (l->len + 1 < sizeof(l->text))
		l->text[l->len++] = byte ? (char)byte : ' ';
	return false;
}

const char *grbl_read_mm(const char *s, int64_t *um)
{
	bool minus = *s == '-';
	int64_t v = 0;
	int digits = 0, scale = 1000;

	s += minus || *s == '+';
	for (; isdigit((unsigned char)*s); s++, digits++)
		v = v > MAX_UM ? v : v * 10 + (*s - '0');
	v = v > MAX_UM ? MAX_UM + 1 : v * 1000;
	if (*s == '.')
		for (s++; isdigit((unsigned char)*s); s++, digits++) {
			scale /= 10;
			v += (*s - '0') * scale;
		}
	if (digits == 0 || v > MAX_UM)
		return NULL;
	*um = minus ? -v : v;
	return s;
}

/* "1.000,-2.000,0.500"; more axes than ours are skipped. */
static bool read_place(const char *s, int64_t um[GRBL_AXES])
{
	for (int i = 0; i < GRBL_AXES; i++) {
		s = grbl_read_mm(s, &um[i]);
		if (!s || (i + 1 < GRBL_AXES && *s++ != ','))
			return false;
	}
	return *s == '\0' || *s == ',' || *s == '|' || *s == '>';
}

static bool read_state(const char *s, struct grbl_report *out)
{
	size_t len = strcspn(s, ":|>");

	out->substate = -1;
	if (s[len] == ':' && isdigit((unsigned char)s[len + 1]))
		out->substate = s[len + 1] - '0';
	for (int i = 0; i < GRBL_STATES; i++)
		if (strlen(grbl_state_names[i]) == len &&
		    strncmp(s, grbl_state_names[i], len) == 0) {
			out->state = (enum grbl_state)i;
			return true;
		}
	return false;
}

/* One field of a status, up to the next '|' or '>'. */
static bool read_field(const char *s, struct grbl_report *out)
{
	if (strncmp(s, "MPos:", 5) == 0)
		return out->has_machine = read_place(s + 5, out->machine_um);
	if (strncmp(s, "WPos:", 5) == 0)
		return out->has_work = read_place(s + 5, out->work_um);
	if (strncmp(s, "WCO:", 4) == 0)
		return out->has_offset = read_place(s + 4, out->offset_um);
	if (strncmp(s, "Pn:", 3) == 0)
		for (s += 3; isalpha((unsigned char)*s); s++)
			out->probe = out->probe || *s == 'P';
	return true; /* the rest is of no interest */
}

static int parse_status(const char *line, struct grbl_report *out)
{
	const char *s = line + 1;
	size_t len = strlen(line);

	if (line[len - 1] != '>' || !read_state(s, out))
		return ERR_FORMAT;
	out->kind = GRBL_STATUS;
	for (s = strchr(s, '|'); s; s = strchr(s + 1, '|'))
		if (!read_field(s + 1, out))
			return ERR_FORMAT;
	return 0;
}

static int read_number(const char *s)
{
	int n = 0;

	if (!isdigit((unsigned char)*s))
		return ERR_FORMAT;
	for (; isdigit((unsigned char)*s); s++)
		n = n > 9999 ? n : n * 10 + (*s - '0');
	return *s && *s != '=' ? ERR_FORMAT : n;
}

static int parse_numbered(const char *s, enum grbl_kind kind, struct grbl_report *out)
{
	int n = read_number(s);

	if (n < 0)
		return ERR_FORMAT;
	out->number = n;
	out->kind = kind;
	return 0;
}

/* "$20=1" */
static int parse_setting(const char *line, struct grbl_report *out)
{
	const char *value = strchr(line, '=');

	if (!value || parse_numbered(line + 1, GRBL_SETTING, out))
		return 0; /* start-up lines, $N0=…: of no interest */
	if (!grbl_read_mm(value + 1, &out->value_m))
		return ERR_FORMAT;
	return 0;
}

static int parse(const char *line, struct grbl_report *out)
{
	if (strcmp(line, "ok") == 0) {
		out->kind = GRBL_OK;
		return 0;
	}
	if (line[0] == '<')
		return parse_status(line, out);
	if (line[0] == '$')
		return parse_setting(line, out);
	if (strncmp(line, "error:", 6) == 0)
		return parse_numbered(line + 6, GRBL_ERROR, out);
	if (strncmp(line, "ALARM:", 6) == 0)
		return parse_numbered(line + 6, GRBL_ALARM, out);
	if (strncmp(line, "Grbl ", 5) == 0)
		out->kind = GRBL_BANNER;
	return 0;
}

int grbl_parse(const char *line, struct grbl_report *out)
{
	struct grbl_report r = { .substate = -1 };
	int rc = parse(line, &r);

	if (rc == 0)
		*out = r;
	return rc;
}

/* -1250 → "-1.250" */
static int put_mm(char *out, size_t size, char axis, int64_t um)
{
	return snprintf(out, size, "%c%s%lld.%03d", axis, um < 0 ? "-" : "",
			(long long)(llabs(um) / 1000), (int)(llabs(um) % 1000));
}

int grbl_build_move(char out[GRBL_COMMAND_MAX], const int64_t to_um[GRBL_AXES],
		    int64_t feed)
{
	/* G53: of the machine, whatever work offset somebody left in it */
	int n = snprintf(out, GRBL_COMMAND_MAX, "G21G90G53G1");

	for (int i = 0; i < GRBL_AXES; i++)
		n += put_mm(out + n, GRBL_COMMAND_MAX - (size_t)n, "XYZ"[i], to_um[i]);
	return n + snprintf(out + n, GRBL_COMMAND_MAX - (size_t)n, "F%lld\n",
			    (long long)feed);
}

const char *grbl_error_text(int number)
{
	switch (number) {
	case 5:
		return "homing is switched off in its settings";
	case 8:
		return "only while it is idle";
	case 9:
		return "locked: it is in alarm, or jogs";
	case 15:
		return "out of its travel";
	case 20:
		return "a command it does not know";
	case 22:
		return "no feed is set";
	default:
		return "";
	}
}

const char *grbl_alarm_text(int number)
{
	switch (number) {
	case 1:
		return "a limit switch was hit";
	case 2:
		return "out of its travel";
	case 3:
		return "reset in motion: steps are lost";
	case 4:
	case 5:
		return "the probe failed";
	case 6:
	case 7:
	case 8:
	case 9:
		return "homing failed";
	default:
		return "";
	}
}
