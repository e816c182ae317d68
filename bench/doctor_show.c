#include "bench/doctor.h"

#include "results/text.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *const level_words[] = { "ok", "note", "warning", "WRONG" };
static const char *const level_names[] = { "good", "note", "warning", "wrong" };

static size_t count(const struct doctor *d, enum finding_level level)
{
	size_t n = 0;

	for (size_t i = 0; i < d->count; i++)
		n += d->found[i].level == level;
	return n;
}

/* @text behind column @indent, broken at blanks before column 100. */
static void wrap(struct buf *out, size_t at, size_t indent, const char *text)
{
	while (*text) {
		size_t blank = strspn(text, " "), len;

		text += blank;
		len = strcspn(text, " ");
		if (at > indent && at + 1 + len > 100) {
			buf_printf(out, "\n%*s", (int)indent, "");
			at = indent;
		} else if (at > indent) {
			buf_u8(out, ' ');
			at++;
		}
		buf_add(out, BYTES((const uint8_t *)text, len));
		at += len;
		text += len;
	}
	buf_u8(out, '\n');
}

/* What devices say of themselves is foreign: it must not drive a terminal. */
static void show(const struct finding *f, bool utf8, struct buf *out)
{
	struct buf text;
	size_t at;

	buf_init(&text, 4096);
	text_put(&text, f->text, sizeof(f->text), utf8);
	buf_printf(out, "%-8s %-22s ", level_words[f->level], f->subject);
	at = 10 + (strlen(f->subject) > 22 ? strlen(f->subject) : 22);
	if (at > 32) {
		buf_printf(out, "\n%*s", 32, "");
		at = 32;
	}
	wrap(out, at, 32, buf_str(&text));
	if (f->mend[0])
		buf_printf(out, "%*s$ %s\n", 32, "", f->mend);
	buf_release(&text);
}

void doctor_text(const struct doctor *d, bool utf8, struct buf *out)
{
	size_t wrong = count(d, FINDING_WRONG), warnings = count(d, FINDING_WARNING);

	for (size_t i = 0; i < d->count; i++)
		show(&d->found[i], utf8, out);
	buf_printf(out, "%zu wrong, %zu warning%s\n", wrong, warnings,
		   warnings == 1 ? "" : "s");
}

int doctor_json(const struct doctor *d, struct buf *out, struct err *err)
{
	json_t *findings = json_array();
	json_t *whole;
	char *text = NULL;

	for (size_t i = 0; i < d->count; i++) {
		const struct finding *f = &d->found[i];

		json_array_append_new(findings,
				      json_pack("{s:s, s:s, s:s, s:s*, s:i}", "level",
						level_names[f->level], "subject",
						f->subject, "text", f->text, "mend",
						f->mend[0] ? f->mend : NULL, "status",
						f->status));
	}
	if (json_array_size(findings) < d->count) {
		json_decref(findings);
		return err_set(err, ERR_NOMEM, "no memory for the findings");
	}
	whole = json_pack("{s:i, s:s, s:i, s:I, s:I, s:o*}", "format", 1, "version",
			  VERSION, "status", doctor_status(d), "wrong",
			  (json_int_t)count(d, FINDING_WRONG), "warnings",
			  (json_int_t)count(d, FINDING_WARNING), "findings", findings);
	if (whole)
		text = json_dumps(whole, JSON_INDENT(2) | JSON_ENSURE_ASCII);
	json_decref(whole);
	if (!text)
		return err_set(err, ERR_NOMEM, "no memory for the findings");
	buf_printf(out, "%s\n", text);
	free(text);
	return 0;
}
