#include "results/number.h"
#include "results/report/report.h"
#include "results/text.h"

#include <inttypes.h>
#include <libxml/xmlwriter.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

/* A document being written; a call that fails is remembered, the end asks once. */
struct doc {
	xmlTextWriterPtr xml;
	bool failed;
};

static const xmlChar *x(const char *text)
{
	return (const xmlChar *)text;
}

static void start(struct doc *d, const char *element)
{
	d->failed = d->failed || xmlTextWriterStartElement(d->xml, x(element)) < 0;
}

static void end(struct doc *d)
{
	d->failed = d->failed || xmlTextWriterEndElement(d->xml) < 0;
}

/* @text as XML 1.0 can hold it: no control character has a place there, not even escaped. */
static void safe(struct buf *out, const char *text)
{
	buf_init(out, (size_t)8 << 20);
	text_put(out, text, 1 << 20, true); /* at most 4 bytes each */
}

static void attribute(struct doc *d, const char *name, const char *text)
{
	struct buf b;

	safe(&b, text);
	d->failed = d->failed || b.failed ||
		    xmlTextWriterWriteAttribute(d->xml, x(name), x(buf_str(&b))) < 0;
	buf_release(&b);
}

static void count(struct doc *d, const char *name, size_t n)
{
	char text[24];

	snprintf(text, sizeof(text), "%zu", n);
	attribute(d, name, text);
}

static void seconds(struct doc *d, const char *name, int64_t ns)
{
	char text[NUMBER_SIZE];

	attribute(d, name, number_fixed(text, (double)(ns < 0 ? 0 : ns) / 1e9, 3));
}

static void line(struct doc *d, const char *text)
{
	struct buf b;

	safe(&b, text);
	d->failed = d->failed || b.failed ||
		    xmlTextWriterWriteString(d->xml, x(buf_str(&b))) < 0 ||
		    xmlTextWriterWriteString(d->xml, x("\n")) < 0;
	buf_release(&b);
}

static void property(struct doc *d, const char *name, const char *value)
{
	if (!value)
		return;
	start(d, "property");
	attribute(d, "name", name);
	attribute(d, "value", value);
	end(d);
}

static void write_claims(struct doc *d, const struct summary_case *c)
{
	char text[512];

	for (size_t i = 0; i < c->claim_count; i++) {
		const struct summary_claim *sc = &c->claims[i];

		snprintf(text, sizeof(text), "%s: %s: %s", sc->claim.text,
			 verdict_name(sc->decision.verdict), sc->decision.why);
		line(d, text);
	}
}

/* A case that is only explored fails nobody's build. */
static enum verdict shown(const struct summary_case *c)
{
	return c->explore && (c->verdict == VERDICT_FAIL ||
			      c->verdict == VERDICT_INCONCLUSIVE)
		       ? VERDICT_SKIP
		       : c->verdict;
}

/* What is not PASS: the element that JUnit has for it. */
static void write_verdict(struct doc *d, const struct summary_case *c)
{
	if (c->verdict == VERDICT_PASS)
		return;
	if (shown(c) != c->verdict) {
		char text[300];

		snprintf(text, sizeof(text), "explored, not judged: %s: %s",
			 verdict_name(c->verdict), c->reason);
		start(d, "skipped");
		attribute(d, "message", text);
		end(d);
		return;
	}
	start(d, c->verdict == VERDICT_FAIL   ? "failure"
		 : c->verdict == VERDICT_SKIP ? "skipped"
					      : "error");
	attribute(d, "message", c->reason);
	if (c->verdict != VERDICT_SKIP) {
		attribute(d, "type", verdict_name(c->verdict));
		line(d, c->reason);
		if (c->first_complaint[0])
			line(d, c->first_complaint);
		if (c->first_trouble[0])
			line(d, c->first_trouble);
	}
	end(d);
}

static void write_case(struct doc *d, const struct summary *s,
		       const struct summary_case *c)
{
	start(d, "testcase");
	attribute(d, "classname", c->suite);
	attribute(d, "name", c->id);
	seconds(d, "time", c->last_ns - c->first_ns);
	if (c->requirement_count) {
		start(d, "properties");
		for (size_t i = 0; i < c->requirement_count; i++)
			property(d, "requirement", c->requirements[i]);
		end(d);
	}
	write_verdict(d, c);
	if (c->claim_count || s->simulated) {
		start(d, "system-out");
		if (s->simulated)
			line(d, REPORT_SIMULATED);
		if (c->verdict != VERDICT_SKIP)
			write_claims(d, c);
		end(d);
	}
	end(d);
}

struct totals {
	size_t tests, failures, errors, skipped;
	int64_t took_ns;
};

/* Of one suite, or of all when @suite is NULL. */
static struct totals totals_of(const struct summary *s, const char *suite)
{
	struct totals t = { 0 };

	for (size_t i = 0; i < s->case_count; i++) {
		const struct summary_case *c = &s->cases[i];

		if (suite && strcmp(c->suite, suite) != 0)
			continue;
		t.tests++;
		t.failures += shown(c) == VERDICT_FAIL;
		t.errors += shown(c) == VERDICT_BENCH_ERROR ||
			    shown(c) == VERDICT_INCONCLUSIVE;
		t.skipped += shown(c) == VERDICT_SKIP;
		if (c->last_ns > c->first_ns)
			t.took_ns += c->last_ns - c->first_ns;
	}
	return t;
}

static void write_totals(struct doc *d, const char *name, const struct totals *t)
{
	attribute(d, "name", name);
	count(d, "tests", t->tests);
	count(d, "failures", t->failures);
	count(d, "errors", t->errors);
	count(d, "skipped", t->skipped);
	seconds(d, "time", t->took_ns);
}

static void write_properties(struct doc *d, const struct summary *s)
{
	char text[NUMBER_SIZE];

	start(d, "properties");
	if (s->simulated)
		property(d, "SIMULATED", "true");
	property(d, "verdict", verdict_name(s->verdict));
	property(d, "ended", s->ended);
	property(d, "ended_why", s->ended_why);
	property(d, "version", s->version);
	property(d, "rig", s->rig);
	property(d, "target", s->target);
	property(d, "protocol", s->protocol);
	property(d, "phone", s->phone);
	snprintf(text, sizeof(text), "%" PRIu64, s->seed);
	property(d, "seed", text);
	snprintf(text, sizeof(text), "%zu", s->recoveries);
	property(d, "recoveries", text);
	if (s->recoveries && s->transactions)
		property(d, "recoveries_per_1000",
			 number_fixed(text, summary_recovery_rate(s), 1));
	for (size_t i = 0; i < s->device_count; i++)
		property(d, "device", s->devices[i]);
	for (size_t i = 0; i < s->note_count; i++)
		property(d, "note", s->notes[i]);
	end(d);
}

/* A run that did not come to its end, for readers who look at no properties. */
static void write_end(struct doc *d, const struct summary *s)
{
	char text[1024];

	if (strcmp(s->ended, "complete") == 0)
		return;
	snprintf(text, sizeof(text), "the run was %s%s%s: %s", s->ended,
		 s->ended_why ? ": " : "", s->ended_why ? s->ended_why : "",
		 verdict_name(s->verdict));
	start(d, "system-err");
	line(d, text_trim(text));
	end(d);
}

static void write_suite(struct doc *d, const struct summary *s, const char *suite)
{
	struct totals t = totals_of(s, suite);
	char utc[NUMBER_SIZE];

	start(d, "testsuite");
	write_totals(d, suite, &t);
	number_utc(utc, s->wall_start_ns);
	if (strlen(utc) > 19) { /* "2026-11-21 07:12:33 UTC" to the schema's form */
		utc[10] = 'T';
		utc[19] = '\0';
		attribute(d, "timestamp", utc);
	}
	if (s->host)
		attribute(d, "hostname", s->host);
	write_properties(d, s);
	for (size_t i = 0; i < s->case_count; i++)
		if (strcmp(s->cases[i].suite, suite) == 0)
			write_case(d, s, &s->cases[i]);
	write_end(d, s);
	end(d);
}

static void write_document(struct doc *d, const struct summary *s)
{
	struct totals all = totals_of(s, NULL);

	d->failed = xmlTextWriterSetIndent(d->xml, 1) < 0 ||
		    xmlTextWriterStartDocument(d->xml, NULL, "UTF-8", NULL) < 0;
	start(d, "testsuites");
	write_totals(d, s->run_name, &all);
	for (size_t i = 0; i < s->case_count; i++) {
		size_t first = 0;

		while (strcmp(s->cases[first].suite, s->cases[i].suite) != 0)
			first++;
		if (first == i)
			write_suite(d, s, s->cases[i].suite);
	}
	end(d);
	d->failed = d->failed || xmlTextWriterEndDocument(d->xml) < 0;
}

int report_junit(const struct summary *s, const struct store_run *run,
		 const struct render_options *o, struct buf *out, struct err *err)
{
	xmlBufferPtr memory = xmlBufferCreate();
	struct doc d = { .xml = memory ? xmlNewTextWriterMemory(memory, 0) : NULL };

	(void)run;
	(void)o;
	d.failed = !d.xml;
	if (d.xml)
		write_document(&d, s);
	xmlFreeTextWriter(d.xml); /* takes NULL; flushes into memory */
	if (!d.failed)
		buf_add(out, BYTES((const uint8_t *)xmlBufferContent(memory),
				   (size_t)xmlBufferLength(memory)));
	if (memory)
		xmlBufferFree(memory);
	return d.failed ? err_set(err, ERR_NOMEM, "report as XML") : 0;
}
