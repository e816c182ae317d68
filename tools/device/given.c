#include "tools/device/given.h"

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
