#include "tools/device/given.h"

#include <stdio.h>

static void take_address(struct given *g, const char *arg, bool listen,
			 struct argp_state *state)
{
	struct err err = { 0 };

	if (g->has_address)
		argp_error(state, "one address is enough");
	if (address_parse(&g->at, arg, &err))
		argp_error(state, "%s", err_text(&err));
	g->has_address = true;
	g->listen = listen;
}

error_t given_take(struct given *g, int key, const char *arg, struct argp_state *state)
{
	switch (key) {
	case GIVEN_PROFILE:
		g->profile = arg;
		return 0;
	case GIVEN_KEYS:
		g->keys = arg;
		return 0;
	case GIVEN_PEER:
	case GIVEN_LISTEN:
		take_address(g, arg, key == GIVEN_LISTEN, state);
		return 0;
	case GIVEN_TRACE:
		g->trace = true;
		return 0;
	case ARGP_KEY_ARG:
		argp_error(state, "'%s' is one too many", arg);
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

int given_listen(const struct given *g, int *listener, struct err *err)
{
	struct address at = g->at;
	char text[280];
	int port, rc = address_listen(listener, &at, &port, err);

	if (rc)
		return rc;
	snprintf(at.port, sizeof(at.port), "%d", port);
	printf("listening on %s\n", address_text(&at, text));
	fflush(stdout);
	return 0;
}
