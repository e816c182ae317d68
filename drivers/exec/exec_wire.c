#include "drivers/exec/exec_wire.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

char *exec_lines_room(struct exec_lines *l, size_t *size)
{
	*size = sizeof(l->room) - l->len;
	return l->room + l->len;
}

void exec_lines_added(struct exec_lines *l, size_t n)
{
	l->len += n;
}

static void forget_line(struct exec_lines *l)
{
	l->len -= l->line;
	memmove(l->room, l->room + l->line, l->len);
	l->line = 0;
}

static int check_bytes(const char *line, size_t len, struct err *err)
{
	for (size_t i = 0; i < len; i++)
		if (line[i] < ' ' || line[i] > '~')
			return err_set(err, ERR_FORMAT,
				       "a line with the byte %02x in it; lines are ASCII",
				       (unsigned char)line[i]);
	return 0;
}

int exec_lines_next(struct exec_lines *l, char **line, struct err *err)
{
	char *end;
	size_t len;

	forget_line(l);
	end = memchr(l->room, '\n', l->len);
	if (!end && l->len == sizeof(l->room))
		return err_set(err, ERR_FORMAT, "a line of more than %d bytes",
			       EXEC_MAX_LINE);
	if (!end)
		return 0;
	len = (size_t)(end - l->room);
	l->line = len + 1;
	if (len > 0 && l->room[len - 1] == '\r')
		len--; /* a program that means well, on a system of another habit */
	if (check_bytes(l->room, len, err))
		return ERR_FORMAT;
	l->room[len] = '\0';
	*line = l->room;
	return 1;
}

bool exec_lines_empty(const struct exec_lines *l)
{
	return l->len == l->line;
}

void exec_request(struct buf *b, uint32_t seq, const char *verb)
{
	buf_printf(b, "%u %s", seq, verb);
}

void exec_request_data(struct buf *b, struct bytes data)
{
	char hex[2 * EXEC_MAX_DATA + 1];

	buf_printf(b, " data=%s", hex_of(data, hex, sizeof(hex)));
}

void exec_request_end(struct buf *b)
{
	buf_u8(b, '\n');
}

/* The next word, ended by a zero, or NULL. A colon that stands alone begins the words for a person. */
static char *next_token(char **rest)
{
	char *token = *rest;

	while (*token == ' ')
		token++;
	if (!*token || (token[0] == ':' && (token[1] == ' ' || !token[1]))) {
		*rest = token;
		return NULL;
	}
	*rest = token + strcspn(token, " ");
	if (**rest)
		*(*rest)++ = '\0';
	return token;
}

static int parse_number(const char *text, int64_t min, int64_t max, int64_t *out)
{
	size_t len = strlen(text), digits = strspn(text, "0123456789");
	long long v;

	if (len == 0 || digits != len || len > 19)
		return ERR_FORMAT;
	errno = 0;
	v = strtoll(text, NULL, 10);
	if (errno || v < min || v > max)
		return ERR_RANGE;
	*out = v;
	return 0;
}

static int add_field(struct exec_answer *a, char *token, struct err *err)
{
	char *equals = strchr(token, '=');

	if (!equals || equals == token)
		return err_set(err, ERR_FORMAT, "'%.40s' is no KEY=VALUE", token);
	*equals = '\0';
	if (exec_get(a, token))
		return err_set(err, ERR_FORMAT, "the key '%.40s' is there twice", token);
	if (a->count == EXEC_MAX_FIELDS)
		return err_set(err, ERR_FORMAT, "more than %d keys", EXEC_MAX_FIELDS);
	a->fields[a->count++] = (struct exec_field){ token, equals + 1 };
	return 0;
}

int exec_parse(struct exec_answer *out, char *line, struct err *err)
{
	struct exec_answer a = { .words = "" };
	char *rest = line, *token = next_token(&rest);
	int64_t seq;

	if (!token || parse_number(token, 0, UINT32_MAX, &seq))
		return err_set(err, ERR_FORMAT,
			       "'%.40s' is no answer: it does not begin with a number",
			       token ? token : line);
	a.seq = (uint32_t)seq;
	a.word = next_token(&rest);
	if (!a.word || strchr(a.word, '='))
		return err_set(err, ERR_FORMAT, "an answer without a result");
	while ((token = next_token(&rest))) {
		if (strcmp(a.word, "error") == 0 && !strchr(token, '=') && !a.count)
			a.fields[a.count++] = (struct exec_field){ "", token };
		else if (add_field(&a, token, err))
			return ERR_FORMAT;
	}
	if (*rest == ':')
		a.words = rest + 1 + strspn(rest + 1, " ");
	*out = a;
	return 0;
}

const char *exec_get(const struct exec_answer *a, const char *key)
{
	for (int i = 0; i < a->count; i++)
		if (strcmp(a->fields[i].key, key) == 0)
			return a->fields[i].value;
	return NULL;
}

static bool among(const char *key, const char *allowed)
{
	size_t len = strlen(key);

	for (const char *at = allowed; *at; at += strspn(at, " ")) {
		size_t word = strcspn(at, " ");

		if (word == len && memcmp(at, key, len) == 0)
			return true;
		at += word;
	}
	return false;
}

int exec_only(const struct exec_answer *a, const char *allowed, struct err *err)
{
	for (int i = 0; i < a->count; i++)
		if (!among(a->fields[i].key, allowed))
			return err_set(err, ERR_FORMAT,
				       "'%.30s' has no key '%.40s' here%s%s", a->word,
				       a->fields[i].key, *allowed ? "; allowed: " : "",
				       allowed);
	return 0;
}

static const struct {
	const char *what;
	int code;
} errors[] = {
	{ "usage", ERR_USAGE }, { "io", ERR_IO },
	{ "gone", ERR_GONE },   { "timeout", ERR_TIMEOUT },
	{ "range", ERR_RANGE }, { "unsupported", ERR_UNSUPPORTED },
};

static int its_error(const struct exec_answer *a, struct err *err)
{
	const char *what = exec_get(a, "");

	for (size_t i = 0; what && i < sizeof(errors) / sizeof(errors[0]); i++)
		if (strcmp(what, errors[i].what) == 0)
			return err_set(err, errors[i].code, "%s",
				       a->words[0] ? a->words : what);
	return err_set(err, ERR_FORMAT,
		       "'error %.30s'; allowed: usage, io, gone, timeout, range, "
		       "unsupported",
		       what ? what : "");
}

int exec_expect_ok(const struct exec_answer *a, struct err *err)
{
	if (strcmp(a->word, "ok") == 0)
		return 0;
	if (strcmp(a->word, "error") == 0)
		return its_error(a, err);
	return err_set(err, ERR_FORMAT, "'%.40s' is no answer to this", a->word);
}

int exec_number(const struct exec_answer *a, const char *key, int64_t min, int64_t max,
		int64_t *out, struct err *err)
{
	const char *text = exec_get(a, key);
	int rc;

	if (!text)
		return 0;
	rc = parse_number(text, min, max, out);
	if (rc)
		return err_set(err, rc, "%s: '%.40s'; allowed: %lld to %lld", key, text,
			       (long long)min, (long long)max);
	return 1;
}

int exec_flag(const struct exec_answer *a, const char *key, bool *out, struct err *err)
{
	const char *text = exec_get(a, key);

	if (!text)
		return 0;
	*out = strcmp(text, "yes") == 0;
	if (!*out && strcmp(text, "no") != 0)
		return err_set(err, ERR_FORMAT, "%s: '%.40s' is neither yes nor no", key,
			       text);
	return 1;
}

int exec_data(const struct exec_answer *a, const char *key, struct buf *out,
	      struct err *err)
{
	const char *text = exec_get(a, key);
	uint8_t bytes[EXEC_MAX_DATA];
	int n;

	if (!text)
		return 0;
	n = hex_parse(text, bytes, sizeof(bytes));
	if (n == ERR_RANGE)
		return err_set(err, ERR_RANGE, "%s: more than %d bytes", key,
			       EXEC_MAX_DATA);
	if (n < 0)
		return err_set(err, ERR_FORMAT, "%s: not a row of hex bytes", key);
	buf_add(out, BYTES(bytes, (size_t)n));
	if (out->failed)
		return err_set(err, ERR_RANGE, "%s: no room for %d bytes", key, n);
	return 1;
}
