#include "bench/core/err.h"

#include "bench/core/text.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

int err_set(struct err *err, int code, const char *fmt, ...)
{
	va_list ap;

	if (!err)
		return code;
	err->code = code;
	err->excerpt[0] = '\0';
	va_start(ap, fmt);
	vsnprintf(err->text, sizeof(err->text), fmt, ap);
	va_end(ap);
	text_tame(err->text);
	return code;
}

int err_wrap(struct err *err, int code, const char *fmt, ...)
{
	char old[sizeof(err->text)];
	va_list ap;
	int n;

	if (!err || err->excerpt[0])
		return code;
	snprintf(old, sizeof(old), "%s", err->text[0] ? err->text : err_name(code));
	err->code = code;
	va_start(ap, fmt);
	n = vsnprintf(err->text, sizeof(err->text), fmt, ap);
	va_end(ap);
	if (n >= 0 && (size_t)n < sizeof(err->text))
		snprintf(err->text + n, sizeof(err->text) - (size_t)n, ": %s", old);
	text_tame(err->text);
	return code;
}

const char *err_name(int code)
{
	switch (code) {
	case 0:
		return "no error";
	case ERR_USAGE:
		return "wrong use";
	case ERR_NOMEM:
		return "out of memory";
	case ERR_IO:
		return "input/output failed";
	case ERR_GONE:
		return "device gone";
	case ERR_TIMEOUT:
		return "timed out";
	case ERR_FORMAT:
		return "malformed";
	case ERR_RANGE:
		return "out of range";
	case ERR_UNSUPPORTED:
		return "not supported";
	case ERR_AUTH:
		return "does not verify";
	case ERR_INTERRUPTED:
		return "interrupted";
	default:
		return "unknown error";
	}
}

const char *err_text(const struct err *err)
{
	return err->text[0] ? err->text : err_name(err->code);
}
