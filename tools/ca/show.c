/* keybench-ca show: what a certificate says. */
#include "bench/core/verdict.h"
#include "fixtures/pki/pem.h"
#include "fixtures/proto/utc.h"
#include "tools/ca/ca.h"

#include <stdio.h>

struct args {
	const char *path, *profile;
};

static const struct argp_option options[] = {
	{ "profile", 'p', "PROFILE", 0, "Protocol profile (default dk-ccc-1.0)", 0 },
	{ 0 },
};

static error_t parse(int key, char *arg, struct argp_state *state)
{
	struct args *a = state->input;

	switch (key) {
	case 'p':
		a->profile = arg;
		return 0;
	case ARGP_KEY_ARG:
		if (a->path)
			argp_error(state, "'%s' is one too many", arg);
		a->path = arg;
		return 0;
	case ARGP_KEY_END:
		if (!a->path)
			argp_error(state, "a certificate is needed");
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

static const struct argp argp = {
	.options = options,
	.parser = parse,
	.args_doc = "FILE",
	.doc = "Tell what a certificate says, PEM or DER. Who signed it is not asked.",
};

static void line(const char *key, struct bytes value)
{
	char hex[2 * CERT_MAX + 1];

	if (value.len)
		printf("%-12s %s\n", key, hex_of(value, hex, sizeof(hex)));
}

static void line_time(const char *key, int64_t s)
{
	char text[UTC_LEN + 1];

	utc_build(text, s);
	printf("%-12s %s\n", key, text);
}

static void show_usage(const struct cert *c)
{
	static const char *const bits[] = {
		"digitalSignature", "nonRepudiation", "keyEncipherment",
		"dataEncipherment", "keyAgreement",   "keyCertSign",
		"cRLSign",          "encipherOnly",   "decipherOnly",
	};

	if (!c->has_usage)
		return;
	printf("%-12s", "usage");
	for (unsigned i = 0; i < sizeof(bits) / sizeof(bits[0]); i++)
		if (c->usage & 1u << i)
			printf(" %s", bits[i]);
	printf("%s\n", c->usage_critical ? "" : " (not critical)");
}

static void show_constraints(const struct cert *c)
{
	if (!c->has_constraints)
		return;
	printf("%-12s %s", "ca", c->ca ? "yes" : "no");
	if (c->path_length >= 0)
		printf(", path length %d", c->path_length);
	printf("%s\n", c->constraints_critical ? "" : " (not critical)");
}

static int show(const struct cert *c)
{
	uint8_t id[CERT_KEY_ID];
	int rc = cert_key_id(id, c->pk);

	if (rc)
		return rc;
	printf("%-12s %s%s\n", "role", cert_role_name(c->role),
	       c->role_count > 1                         ? ", and another"
	       : c->role_count == 1 && !c->role_critical ? " (not critical)"
							 : "");
	line("value", c->role_value);
	line("serial", c->serial);
	printf("%-12s %s\n", "subject", c->subject_cn);
	printf("%-12s %s\n", "issuer", c->issuer_cn);
	line_time("not before", c->not_before_s);
	line_time("not after", c->not_after_s);
	line("key", BYTES_OF(c->pk));
	line("key id", BYTES_OF(id));
	line("ski", c->ski);
	line("aki", c->aki);
	show_constraints(c);
	show_usage(c);
	line("unknown", c->unknown_critical);
	return 0;
}

int ca_show(int argc, char **argv)
{
	struct args a = { .profile = CA_DEFAULT_PROFILE };
	uint8_t mem[PEM_MAX_FILE];
	struct buf der = BUF_ON(mem);
	enum cert_reason reason = CERT_GOOD;
	struct profile *p = NULL;
	struct err err = { 0 };
	struct cert c;
	int rc;

	argp_parse(&argp, argc, argv, 0, NULL, &a);
	rc = ca_profile(&p, a.profile, &err);
	if (!rc)
		rc = pem_load_cert(&der, a.path, &err);
	if (!rc)
		rc = cert_parse(&c, p, buf_bytes(&der), &reason);
	if (!rc && reason)
		rc = err_set(&err, ERR_FORMAT, "%s: %s: %s", a.path,
			     cert_reason_name(reason), cert_reason_text(reason));
	if (!rc && show(&c))
		rc = err_set(&err, ERR_NOMEM, "%s", a.path);
	profile_free(p);
	return rc ? ca_fail(&err) : EXIT_PASSED;
}
