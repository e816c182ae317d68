#include "tools/emu/truth.h"

#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct truth {
	int fd;
};

int truth_open(struct truth **out, const char *path, struct err *err)
{
	struct truth *t = calloc(1, sizeof(*t));

	if (!t)
		return err_set(err, ERR_NOMEM, "no memory");
	t->fd = -1;
	if (path) {
		/* O_NONBLOCK: a fifo that nobody reads must not hold us up for ever */
		t->fd = open(path,
			     O_WRONLY | O_CREAT | O_TRUNC | O_APPEND | O_CLOEXEC |
				     O_NONBLOCK | O_NOCTTY,
			     0644);
		if (t->fd >= 0 && fcntl(t->fd, F_SETFL, O_APPEND)) {
			close(t->fd);
			t->fd = -1;
		}
		if (t->fd < 0) {
			free(t);
			return err_set(err, ERR_IO, "%s: %s", path, strerror(errno));
		}
	}
	*out = t;
	return 0;
}

void truth_close(struct truth *t)
{
	if (!t)
		return;
	if (t->fd >= 0)
		close(t->fd);
	free(t);
}

static json_t *hex_value(struct bytes b)
{
	char text[2 * 300 + 1];

	return json_string(hex_of(b, text, sizeof(text)));
}

static json_t *value(char type, va_list *ap)
{
	const char *s;

	switch (type) {
	case 'i':
		return json_integer(va_arg(*ap, int64_t));
	case 'b':
		return json_boolean(va_arg(*ap, int));
	case 'x':
		return hex_value(va_arg(*ap, struct bytes));
	default:
		s = va_arg(*ap, const char *);
		return s ? json_string(s) : json_null();
	}
}

static void fill(json_t *line, const char *fmt, va_list *ap)
{
	while (*fmt) {
		size_t len = strcspn(fmt, " ");
		char name[32] = "";

		if (len > 2 && len - 2 < sizeof(name))
			memcpy(name, fmt + 2, len - 2);
		json_object_set_new(line, name, value(*fmt, ap));
		fmt += len;
		fmt += *fmt == ' ';
	}
}

/* A full disk loses lines, never the emulated world. */
static void write_line(int fd, const char *text, size_t len)
{
	while (len) {
		ssize_t n = write(fd, text, len);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return;
		text += n;
		len -= (size_t)n;
	}
}

void truth_say(struct truth *t, int64_t at_ns, const char *what, const char *fmt, ...)
{
	json_t *line;
	char text[2048];
	size_t len;
	va_list ap;

	if (!t || t->fd < 0)
		return;
	line = json_pack("{s:I, s:s}", "t", (json_int_t)at_ns, "what", what);
	if (!line)
		return;
	va_start(ap, fmt);
	fill(line, fmt, &ap);
	va_end(ap);
	len = json_dumpb(line, text, sizeof(text) - 1,
			 JSON_COMPACT | JSON_PRESERVE_ORDER);
	json_decref(line);
	if (len == 0 || len >= sizeof(text))
		return;
	text[len++] = '\n';
	write_line(t->fd, text, len);
}
