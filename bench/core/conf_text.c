#include "bench/core/conf_tree.h"

#include "bench/core/conf.h"

#include <stdarg.h>
#include <string.h>

/*
 * What is refused before YAML's parser sees it. libfyaml 0.7.12 never comes back from a directive with a byte
 * that is not UTF-8 in it (found by fuzzing), and its words for a binary file would only confuse.
 */

size_t conf_character(struct bytes rest)
{
	static const struct {
		uint8_t mask, lead;
		uint32_t least;
	} forms[] = { { 0x80, 0x00, 0 },
		      { 0xe0, 0xc0, 0x80 },
		      { 0xf0, 0xe0, 0x800 },
		      { 0xf8, 0xf0, 0x10000 } };

	for (size_t len = 1; rest.len >= len && len <= 4; len++) {
		uint32_t c = rest.data[0] & (uint8_t)~forms[len - 1].mask;

		if ((rest.data[0] & forms[len - 1].mask) != forms[len - 1].lead)
			continue;
		for (size_t i = 1; i < len; i++) {
			if ((rest.data[i] & 0xc0) != 0x80)
				return 0;
			c = c << 6 | (rest.data[i] & 0x3f);
		}
		if (c < forms[len - 1].least || c > 0x10ffff ||
		    (c >= 0xd800 && c < 0xe000))
			return 0;
		return len;
	}
	return 0;
}

__attribute__((format(printf, 5, 6))) static int mistake(const struct conf *conf,
							 int line, int column,
							 struct err *err, const char *fmt,
							 ...)
{
	va_list ap;

	va_start(ap, fmt);
	conf_mistake(conf, line, column, err, ERR_FORMAT, fmt, ap);
	va_end(ap);
	return ERR_FORMAT;
}

/*
 * libfyaml keeps every token of a flow collection until it ends, and looks through all blank lines before each
 * of them again: what is far beyond any configuration would take hundreds of megabytes or minutes.
 */
static int check_extent(const struct conf *conf, struct bytes text, struct err *err)
{
	int lines = 1, signs = 0, blanks = 0;

	for (size_t i = 0; i < text.len; i++) {
		lines += text.data[i] == '\n' || text.data[i] == '\r';
		signs += text.data[i] > ' ' && strchr("[]{},:?&*!\"'", text.data[i]);
		blanks = text.data[i] > ' ' ? 0 : blanks + 1;
		if (blanks > CONF_MAX_BLANKS)
			return mistake(conf, lines, 1, err,
				       "more than %d blanks in a row", CONF_MAX_BLANKS);
		if (lines > CONF_MAX_LINES)
			return mistake(conf, CONF_MAX_LINES, 1, err,
				       "more than %d lines in one file", CONF_MAX_LINES);
		if (signs > 3 * CONF_MAX_VALUES)
			return mistake(conf, 1, 1, err, "more than %d values in one file",
				       CONF_MAX_VALUES);
	}
	return 0;
}

/* Not text at all? */
static int check_bytes(const struct conf *conf, struct bytes text, struct err *err)
{
	bool blank = true;

	for (size_t i = 0; i < text.len; i++) {
		uint8_t c = text.data[i];

		if (c < ' ' && c != '\n' && c != '\t' && c != '\r')
			return err_set(err, ERR_FORMAT,
				       "%s: a binary file; a YAML text is needed",
				       conf->name);
		blank = blank && c <= ' ';
	}
	if (blank)
		return err_set(err, ERR_FORMAT, "%s: the file is empty", conf->name);
	return 0;
}

int conf_check_text(const struct conf *conf, struct err *err)
{
	struct bytes rest = buf_bytes(&conf->text);
	int line = 1, column = 1, rc = 0;
	size_t len;

	if (rest.len > CONF_MAX_BYTES)
		return err_set(err, ERR_RANGE,
			       "%s: longer than 1 MiB, not a configuration file",
			       conf->name);
	rc = check_bytes(conf, rest, err);
	if (!rc)
		rc = check_extent(conf, rest, err);
	for (; !rc && rest.len; rest.data += len, rest.len -= len) {
		len = conf_character(rest);
		if (!len)
			return mistake(conf, line, column, err,
				       "the byte %02x is not UTF-8", rest.data[0]);
		if (rest.data[0] == '%' && column == 1)
			return mistake(
				conf, line, column, err,
				"directives are not allowed in these files; a text "
				"that begins with %% needs quotes");
		column++;
		if (rest.data[0] == '\n' || rest.data[0] == '\r') {
			line += rest.data[0] == '\n';
			column = 1;
		}
	}
	return rc;
}
